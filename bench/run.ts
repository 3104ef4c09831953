import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runTool } from "../tools/command.ts";
import { startDjango } from "./django.ts";
import { measureGrowth } from "./growth.ts";
import { type Comparison, compare, type Load } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { bars, lines } from "./plot.ts";
import { pin, start } from "./process.ts";
import { say } from "./progress.ts";
import {
  djangoScenarios,
  lateToken,
  type Origins,
  type Scenario,
  scenarios,
  staleScenario,
  token,
} from "./scenarios.ts";
import { bundled, cores, folder, startWorkers } from "./start-workers.ts";
import { compareStartup } from "./startup.ts";

const usage = `Usage: npm run bench [-- --quick]

Measures the Worker against floors and peers, two at a time and in turn, its memory, and the store as it grows. Prints tables
to stdout, and to stderr what takes its time now; writes figures (JSON) and plots (SVG) into docs/bench/. Takes about ten
minutes; a first look with --quick takes one or two, and writes nothing.`;

const output = fileURLToPath(new URL("../docs/bench/", import.meta.url).href);
/** Enough for a thousand pages of twelve. */
const sources = 12_000;
const herd = 100;

/** How often a page that nobody has asked for is loaded when a hundred ask for it at the same time. */
async function loadsOfHerd(origins: Origins): Promise<number> {
  const url = `${origins.edge}/sources/oauth/?search=herd`;
  const asked = Array.from({ length: herd }, () => fetch(url, { headers: { Authorization: `Bearer ${token}` } }));
  const statuses = (await Promise.all(asked)).map((response) => response.headers.get("Cache-Status") ?? "");
  return statuses.filter((status) => status.includes("; stored")).length;
}

async function cacheStatus({ origin, paths, headers = {} }: Load): Promise<string> {
  const response = await fetch(`${origin}${paths[0]}`, { headers });
  if (!response.ok) throw new Error(`${origin}${paths[0]} answered ${response.status}`);
  return response.headers.get("Cache-Status") ?? "";
}

const two = (value: number) => value.toFixed(2);

function row({ name, against, goal }: Scenario, { throughput, cpu, subject }: Comparison): string {
  const verdict = goal === undefined ? "" : throughput.median >= goal ? `≥ ${goal}: met` : `≥ ${goal}: not met`;
  const rate = Math.round(Math.max(...subject.map(({ requestsPerSecond }) => requestsPerSecond)));
  const range = `${two(throughput.minimum)}–${two(throughput.maximum)}`;
  return `| ${name} | ${against} | ${two(throughput.median)} (${range}) | ${two(cpu.median)} | ${rate} | ${verdict} |`;
}

await runTool("bench", usage, async (args) => {
  const { quick } = parseArgs({ args, options: { quick: { type: "boolean", default: false } } }).values;
  const pace = quick ? { rounds: 1, seconds: 1 } : { rounds: 9, seconds: 1.2 };
  if (cpus().length < 2) console.error("This machine has one core: load and runtime share it.");

  say(`filling a store with ${sources.toLocaleString("en")} sources`);
  const store = await start("./store.ts", join(folder, "store.db"), String(sources), token, lateToken);
  const workers = await startWorkers(store.line);
  try {
    pin(store.pid, cores.others);
    pin(process.pid, cores.others);
    const { origins, runtime } = workers;
    console.log("| scenario | against | throughput: median (range) | processor time | best, requests/s | goal |");
    console.log("|---|---|---|---|---|---|");
    const results: (Comparison & Pick<Scenario, "name" | "against" | "goal">)[] = [];
    const measure = async (scenario: Scenario) => {
      const { name, against, goal, subject, base } = scenario;
      say(`${name}, against ${against}`);
      const comparison = await compare(subject, base, { ...pace, runtime });
      results.push({ name, against, ...(goal !== undefined && { goal }), ...comparison });
      console.log(row(scenario, comparison));
    };
    for (const scenario of await scenarios(origins)) await measure(scenario);
    say("a herd");
    const loads = await loadsOfHerd(origins);
    console.log(
      `| herd of ${herd} on a cold page | | ${loads} load${loads === 1 ? "" : "s"} | | | 1: ${loads === 1 ? "met" : "not met"} |`,
    );

    say("starting Django");
    const django = await startDjango(origins.edge);
    try {
      for (const scenario of django ? djangoScenarios(origins, django) : []) await measure(scenario);
    } finally {
      django?.stop();
    }

    say("stopping the store");
    const stale = staleScenario(origins);
    for (const load of [stale.subject, stale.base]) await cacheStatus(load);
    process.kill(store.pid, "SIGSTOP");
    // Who meets the failure first waits for it; it is what comes after that is measured.
    while (!(await cacheStatus(stale.subject)).includes("stale-if-error"));
    await measure(stale);
    process.kill(store.pid, "SIGCONT");

    say("start-up");
    const startup = await compareStartup(bundled("worker"), bundled("bare"), pace.rounds);
    console.log(`\nStart-up, by a bare Hono Worker's: ${two(startup.ratio)}`);
    say("memory");
    const memory = await measureMemory(folder);
    const growth = await measureGrowth(folder, quick ? [100, 10_000] : [100, 1_000, 10_000, 100_000]);
    if (quick) return;
    mkdirSync(output, { recursive: true });
    writeFileSync(
      join(output, "bench.json"),
      `${JSON.stringify({ herd: loads, startup, memory, results, growth }, null, 1)}\n`,
    );
    const plots = {
      // On one axis with the others, ratios to Django would leave nothing of them to see.
      "bench.svg": bars(results.filter(({ against }) => against !== "Django")),
      "growth.svg": lines(growth, "Time in the store, rows and count", "ms", ({ milliseconds }) => milliseconds),
      "rows.svg": lines(growth, "Rows read, rows and count", "rows", ({ rowsRead }) => rowsRead),
    };
    for (const [name, plot] of Object.entries(plots)) writeFileSync(join(output, name), plot);
    console.log(`Written: docs/bench/bench.json, ${Object.keys(plots).join(", ")}`);
  } finally {
    workers.stop();
    process.kill(store.pid, "SIGCONT");
    store.kill();
  }
});
