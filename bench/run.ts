import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { runTool } from "../tools/command.ts";
import { flag, option } from "../tools/usage.ts";
import { startBefore } from "./before.ts";
import { startDjango } from "./django.ts";
import { measureGrowth } from "./growth.ts";
import { measureHeap } from "./heap.ts";
import { compare, type Load } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { plots } from "./plot.ts";
import { cores, pin, start } from "./process.ts";
import { say } from "./progress.ts";
import { fillReport, type Measured, type Results, scenarioHead, scenarioRow } from "./report.ts";
import {
  beforeScenarios,
  djangoScenarios,
  floorScenarios,
  lateToken,
  type Origins,
  type Scenario,
  staleScenario,
  token,
} from "./scenarios.ts";
import { folder } from "./scratch.ts";
import { assumptions, simulate } from "./simulate.ts";
import { bundled, edge, startWorkers } from "./start-workers.ts";
import { compareStartup } from "./startup.ts";

const about = `Measures the Worker against floors and peers, two at a time and in turn, its memory, and the store as it grows; simulates it
around the world. Prints the scenarios as they are measured, and says on stderr what takes its time now. A full run takes some
thirty minutes, and writes docs/bench/ (figures and plots) and the figures in docs/performance.md and README.md.
`;

const options = {
  before: option("COMMIT", "also against the Worker of that commit: docs/performance.md needs it"),
  quick: flag("a first look in two minutes, which writes nothing"),
  report: flag("measures nothing: writes figures and plots anew from docs/bench/bench.json"),
};

const output = fileURLToPath(new URL("../docs/bench/", import.meta.url).href);
const documents = ["../README.md", "../docs/performance.md"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url).href),
);
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

const printRow = (cells: string[]) => console.log(`| ${cells.join(" | ")} |`);

async function measureAll(quick: boolean, before: string | undefined): Promise<Results> {
  // Many short rounds: a neighbour that is busy for a second spoils few of them. autocannon ends a run at its next full second.
  const pace = { rounds: quick ? 1 : 25, seconds: 0.9 };
  say(`filling a store with ${sources.toLocaleString("en")} sources`);
  const store = await start("./store.ts", join(folder, "store.db"), String(sources), token, lateToken);
  const workers = await startWorkers(store.line);
  try {
    pin(store.pid, cores.others);
    pin(process.pid, cores.others);
    const { origins, runtime } = workers;
    const scenarios: Measured[] = [];
    const measure = async ({ name, against, goal, subject, base }: Scenario) => {
      say(`${name}, against ${against}`);
      const comparison = await compare(subject, base, { ...pace, runtime });
      const measured = { name, against, ...(goal !== undefined && { goal }), ...comparison };
      scenarios.push(measured);
      printRow(scenarioRow(measured));
    };
    /** Scenarios that need another server, which is stopped after them. */
    const measurePeer = async <Peer extends { stop: () => void }>(
      peer: Peer | undefined,
      scenariosOf: (peer: Peer) => Scenario[] | Promise<Scenario[]>,
    ) => {
      if (!peer) return;
      try {
        for (const scenario of await scenariosOf(peer)) await measure(scenario);
      } finally {
        peer.stop();
      }
    };
    printRow(scenarioHead);
    printRow(scenarioHead.map(() => "---"));
    for (const scenario of await floorScenarios(origins)) await measure(scenario);
    say("a herd");
    const loads = await loadsOfHerd(origins);
    if (before) await measurePeer(await startBefore(before, sources), (peer) => beforeScenarios(origins, peer));
    say("starting Django");
    await measurePeer(await startDjango(origins.edge), (peer) => djangoScenarios(origins, peer));

    say("stopping the store");
    const stale = staleScenario(origins);
    for (const load of [stale.subject, stale.base]) await cacheStatus(load);
    process.kill(store.pid, "SIGSTOP");
    // Who meets the failure first waits for it; it is what comes after that is measured.
    while (!(await cacheStatus(stale.subject)).includes("stale-if-error"));
    await measure(stale);
    process.kill(store.pid, "SIGCONT");

    say("start-up");
    const startup = await compareStartup(bundled("worker"), bundled("bare"), quick ? 1 : 9);
    const heap = await measureHeap(edge(store.line), { token, requests: quick ? 20_000 : 200_000 });
    say("memory");
    const memory = await measureMemory(folder);
    const growth = await measureGrowth(folder, quick ? [100, 10_000] : [100, 1_000, 10_000, 100_000]);
    say("simulating");
    return {
      date: new Date().toISOString().slice(0, 10),
      ...(before && { before }),
      scenarios,
      herd: loads,
      startup,
      kibibytes: gzipSync(readFileSync(bundled("worker"))).length / 1024,
      memory,
      heap,
      growth,
      simulation: simulate(),
    };
  } finally {
    workers.stop();
    process.kill(store.pid, "SIGCONT");
    store.kill();
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;

/** Figures, plots and documents come from one run. */
function writeReport(results: Results): void {
  for (const path of documents) writeFileSync(path, fillReport(readFileSync(path, "utf8"), results));
  for (const [name, plot] of Object.entries(plots(results))) writeFileSync(join(output, name), plot);
}

async function main(args: string[]) {
  const { quick, before, report: isReport } = parseArgs({ args, options }).values;
  if (isReport) return writeReport(JSON.parse(readFileSync(join(output, "bench.json"), "utf8")));
  if (cpus().length < 2) console.error("This machine has one core: load and runtime share it.");
  const results = await measureAll(quick, before);
  if (quick) return;
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, "bench.json"), json({ ...results, assumptions }));
  writeReport(results);
  console.log("Written: docs/bench/, and the figures in docs/performance.md and README.md");
}

process.exitCode = await runTool(
  { name: "bench", forms: ["[OPTIONS]"], about, options, main },
  process.argv.slice(2),
  process,
);
