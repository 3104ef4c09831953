import type { Growth } from "./growth.ts";
import type { Heap } from "./heap.ts";
import type { Comparison } from "./measure.ts";
import type { Memory } from "./memory.ts";
import type { Scenario } from "./scenarios.ts";
import type { Simulation } from "./simulate.ts";

export type Measured = Comparison & Pick<Scenario, "name" | "against" | "goal">;

/** What one run of the bench found. */
export interface Results {
  /** When, as YYYY-MM-DD. */
  date: string;
  /** The commit that the Worker is compared with, where one was named. */
  before?: string;
  scenarios: Measured[];
  /** How often a page is loaded that a hundred ask for at the same time. */
  herd: number;
  startup: { ratio: number };
  /** Of the Worker, minified and gzipped. */
  kibibytes: number;
  memory: Memory[];
  heap: Heap[];
  growth: Growth[];
  simulation: Simulation[];
}

const goals = { herd: 1, startup: 1.35, kibibytes: 79, heap: 128 };

const fixed = (digits: number) => (value: number) => value.toFixed(digits);
const two = fixed(2);
const whole = (value: number) => Math.round(value).toLocaleString("en");
const verdict = (isMet: boolean, goal: string) => `${goal}: ${isMet ? "met" : "**not met**"}`;

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The best round's: what else a machine does only adds to it. */
const microseconds = (runs: Comparison["subject"]) => Math.min(...runs.map(({ cpuMicroseconds }) => cpuMicroseconds));

/** One scenario as a row: its head is `scenarioHead`. */
export function scenarioRow({ name, against, goal, cpu, throughput, subject }: Measured): string[] {
  return [
    name,
    against,
    `${two(cpu.median)} (${two(cpu.minimum)}–${two(cpu.maximum)})`,
    two(throughput.median),
    whole(microseconds(subject)),
    goal === undefined ? "" : verdict(cpu.median >= goal, `≥ ${goal}`),
  ];
}

export const scenarioHead = ["scenario", "against", "processor time", "throughput", "µs", "goal"];

/** By name and what it was measured against; throws where the run has no such scenario. */
function finder({ scenarios }: Results) {
  return (name: string, against: string): Measured => {
    const found = scenarios.find((each) => each.name === name && each.against === against);
    if (!found) throw new Error(`the run has no scenario "${name}" against "${against}"`);
    return found;
  };
}

/** What a user gains, in five lines, the most telling first. */
function headlines(results: Results): string[] {
  const find = finder(results);
  const hot = find("hot hit", "a constant body");
  const miss = find("miss, 12 rows", "a raw POST");
  const django = (name: string) => find(name, "Django").throughput.median.toFixed(0);
  const stale = find("stale, the store hangs", "a hot hit");
  const [page] = results.growth;
  const largest = page?.points.at(-1);
  const load = results.simulation[1]?.outcomes.find(({ requestsPerSecond }) => requestsPerSecond === 10_000);
  if (!largest || !load) throw new Error("the run has no growth and no simulation");
  return [
    `- **Fast.** A hit takes ${whole(microseconds(hot.subject))} µs of processor time: ${django("hot hit, 12 rows")} times the throughput of the same page by Django REST framework.`,
    `- **Stays up.** While the store hangs, the last good answer comes at ${two(stale.cpu.median)} times the speed of a hit.`,
    `- **Easy on the store.** 10,000 requests a second around the world cost ${load.storeReadsPerSecond.toFixed(0)} reads of the store a second (simulated).`,
    `- A page of twelve straight from the store takes ${whole(microseconds(miss.subject))} µs, and has ${django("miss, 12 rows")} times the throughput of Django's.`,
    `- A store of ${largest.sources.toLocaleString("en")} sources gives its first page in ${largest.milliseconds.toFixed(1)} ms.`,
  ];
}

function scenarios({ scenarios: measured, ...results }: Results): string {
  const rows = measured.filter(({ against }) => against !== "before").map(scenarioRow);
  const { requests = 0, mebibytes = 0 } = results.heap.at(-1) ?? {};
  const single = (name: string, value: string, isMet: boolean, goal: string) => [
    name,
    "",
    value,
    "",
    "",
    verdict(isMet, goal),
  ];
  return table(scenarioHead, [
    ...rows,
    single("herd of 100 on a cold page", `${results.herd} loads`, results.herd === goals.herd, `${goals.herd}`),
    single(
      "start-up, by a bare Hono Worker's",
      two(results.startup.ratio),
      results.startup.ratio <= goals.startup,
      `≤ ${goals.startup}`,
    ),
    single(
      "size of the Worker, gzip",
      `${results.kibibytes.toFixed(1)} KiB`,
      results.kibibytes <= goals.kibibytes,
      `≤ ${goals.kibibytes} KiB`,
    ),
    single(
      `heap after ${whole(requests)} different requests`,
      `${mebibytes.toFixed(1)} MiB`,
      mebibytes < goals.heap,
      `< ${goals.heap} MiB`,
    ),
  ]);
}

function before({ before: commit = "", scenarios: measured }: Results): string {
  const head = ["scenario", `by the version at ${commit}`, "µs before", "µs now", "goal"];
  return table(
    head,
    measured
      .filter(({ against }) => against === "before")
      .map(({ name, goal, cpu, subject, base }) => [
        name,
        `${two(cpu.median)} (${two(cpu.minimum)}–${two(cpu.maximum)})`,
        whole(microseconds(base)),
        whole(microseconds(subject)),
        goal === undefined ? "" : verdict(cpu.median >= goal, `≥ ${goal}`),
      ]),
  );
}

function growth({ growth: measured }: Results): string {
  const sizes = measured[0]?.points.map(({ sources }) => sources.toLocaleString("en")) ?? [];
  return table(
    [
      "question",
      ...sizes.map((size, i) => (i === 0 ? `ms: ${size}` : size)),
      ...sizes.map((size, i) => (i === 0 ? `rows read: ${size}` : size)),
    ],
    measured.map(({ question, points }) => [
      question,
      ...points.map(({ milliseconds }) => two(milliseconds)),
      ...points.map(({ rowsRead }) => whole(rowsRead)),
    ]),
  );
}

function memory({ memory: measured, heap }: Results): string {
  const [start, end] = [heap[0]?.mebibytes ?? 0, heap.at(-1)?.mebibytes ?? 0];
  const most = Math.max(...heap.map(({ mebibytes }) => mebibytes));
  return [
    ...measured.map(
      ({ rows, all, kept }) =>
        `- 1,000 pages of ${rows} rows take ${all.toFixed(1)} MiB; the cache in memory keeps ${kept.toFixed(1)} MiB of them.`,
    ),
    `- The isolate's heap, after a collection: ${start.toFixed(1)} MiB at its start, ${end.toFixed(1)} MiB after ${whole(heap.at(-1)?.requests ?? 0)} different requests, and never more than ${most.toFixed(1)} MiB in between.`,
  ].join("\n");
}

function simulation({ simulation: kinds }: Results): string {
  const head = [
    "requests/s",
    "cache",
    "hit ratio",
    "store reads/s",
    "mean age, s",
    "oldest, s",
    "from memory",
    "lines of log/s",
  ];
  const loads = kinds[0]?.outcomes ?? [];
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return table(
    head,
    loads.flatMap((_, i) =>
      kinds.map(({ name, outcomes }) => {
        const outcome = outcomes[i];
        if (!outcome) throw new Error("every kind of cache has an outcome for every load");
        return [
          outcome.requestsPerSecond.toLocaleString("en"),
          name,
          percent(outcome.hitRatio),
          outcome.storeReadsPerSecond.toFixed(1),
          outcome.meanAge.toFixed(1),
          outcome.oldestAge.toFixed(1),
          percent(outcome.fromMemory),
          outcome.logLinesPerSecond.toFixed(1),
        ];
      }),
    ),
  );
}

export const blocks = {
  gains: (results: Results) => headlines(results).slice(0, 3).join("\n"),
  headline: (results: Results) => headlines(results).join("\n"),
  date: ({ date }: Results) => `Measured on ${date}.`,
  scenarios,
  before,
  growth,
  memory,
  simulation,
};

/**
 * Puts the figures of a run into a document: what stands between `<!-- bench:NAME -->` and `<!-- /bench -->` is replaced.
 * @throws Error where a place is for no block
 */
export function fillReport(markdown: string, results: Results): string {
  return markdown.replace(/(<!-- bench:(\w+) -->\n)[\s\S]*?(<!-- \/bench -->)/g, (_, open, name, close) => {
    if (!(name in blocks)) throw new Error(`there is no block ${name}; there are ${Object.keys(blocks).join(", ")}`);
    return `${open}${blocks[name as keyof typeof blocks](results)}\n${close}`;
  });
}
