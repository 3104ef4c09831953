import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { refuseArguments, runTool } from "../tools/command.ts";
import { random } from "./generate.ts";
import { logarithmic } from "./plot.ts";

const usage = `Usage: npm run bench:simulate

Simulates caching over some 300 data centres, from ten to a million requests a second: hit ratio, reads of the store and the age
of answers, with each data centre's Cache API alone and with the tiered platform cache. Writes docs/bench/simulation.json and
simulation.svg. The same every time: its numbers are drawn from a fixed seed.`;

const output = fileURLToPath(new URL("../docs/bench/", import.meta.url).href);

/** The assumptions; docs/performance.md gives their reasons. Times are seconds. */
const assumptions = {
  seed: 3,
  dataCentres: 300,
  pages: 200,
  fresh: 30,
  staleWhileRevalidate: 30,
  memory: 3,
  /** What one isolate answers, before the platform starts another. */
  requestsPerIsolate: 500,
  /** Between two changes of the list, each of which marks every copy of the platform's cache stale. */
  changesEvery: 300,
  simulated: 600,
};

const loads = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

interface Outcome {
  requestsPerSecond: number;
  hitRatio: number;
  storeReadsPerSecond: number;
  /** Of what readers get: the mean, and the oldest. */
  meanAge: number;
  oldestAge: number;
  /** The share of requests that the tier in memory answers, where it stands before this one. */
  fromMemory: number;
}

/** Shares that add up to 1: the n-th has 1/n of the first's, in a random order. */
function shares(count: number, next: () => number): number[] {
  const weights = Array.from({ length: count }, (_, i) => 1 / (i + 1)).sort(() => next() - 0.5);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** When something that happens `rate` times a second happens next. */
const wait = (rate: number, next: () => number) => -Math.log(1 - next()) / rate;

/**
 * Requests for each page come to each data centre at random (Poisson). A copy is fresh for a while; the first request after
 * that is answered with it and has it renewed, or waits for a new one where it is too old. In the tiered cache copies
 * are renewed from one upper copy of each page, whose age they take over.
 */
function simulate(requestsPerSecond: number, isTiered: boolean): Outcome {
  const { seed, dataCentres, pages, fresh, staleWhileRevalidate, simulated, changesEvery } = assumptions;
  const next = random(seed);
  const centres = shares(dataCentres, next);
  const wanted = shares(pages, next);
  const total = { requests: 0, misses: 0, reads: 0, age: 0, oldest: 0 };

  for (const page of wanted) {
    let upperMadeAt = Number.NEGATIVE_INFINITY;
    const readUpper = (now: number): number => {
      const changed = Math.floor(now / changesEvery) * changesEvery;
      if (!isTiered || now - upperMadeAt >= fresh || upperMadeAt < changed) {
        total.reads++;
        upperMadeAt = now;
      }
      return upperMadeAt;
    };
    // Each data centre's next request that finds no fresh copy, in the order of time.
    const queue = centres.map((centre) => {
      const rate = requestsPerSecond * centre * page;
      return { rate, at: wait(rate, next), madeAt: Number.NEGATIVE_INFINITY };
    });
    for (;;) {
      const due = queue.reduce((a, b) => (b.at < a.at ? b : a));
      if (due.at >= simulated) break;
      const age = due.at - due.madeAt;
      const isStale = age < fresh + staleWhileRevalidate;
      const madeAt = readUpper(due.at);
      total.requests++;
      if (isStale) {
        total.age += age;
        total.oldest = Math.max(total.oldest, age);
      } else {
        total.misses++;
        total.age += due.at - madeAt;
      }
      due.madeAt = madeAt;
      const changed = (Math.floor(due.at / changesEvery) + 1) * changesEvery;
      const freshUntil = isTiered ? Math.min(madeAt + fresh, changed) : madeAt + fresh;
      const freshFor = Math.max(0, freshUntil - due.at);
      const hits = due.rate * freshFor;
      total.requests += hits;
      total.age += hits * (due.at - madeAt + freshFor / 2);
      due.at += freshFor + wait(due.rate, next);
    }
  }
  return {
    requestsPerSecond,
    hitRatio: 1 - total.misses / total.requests,
    storeReadsPerSecond: total.reads / simulated,
    meanAge: total.age / total.requests,
    oldestAge: total.oldest,
    fromMemory: memoryShare(requestsPerSecond, centres, wanted),
  };
}

/** Of each isolate's requests for a page: the first fills the tier, those of the next seconds are answered by it. */
function memoryShare(requestsPerSecond: number, centres: number[], wanted: number[]): number {
  const { memory, requestsPerIsolate } = assumptions;
  let share = 0;
  for (const centre of centres) {
    const isolates = Math.max(1, (requestsPerSecond * centre) / requestsPerIsolate);
    for (const page of wanted) {
      const filled = ((requestsPerSecond * centre * page) / isolates) * memory;
      share += centre * page * (filled / (1 + filled));
    }
  }
  return share;
}

const kinds = { "Cache API alone": false, "tiered platform cache": true };

await runTool("bench:simulate", usage, async (args) => {
  refuseArguments(args);
  const results = Object.entries(kinds).map(([name, isTiered]) => ({
    name,
    outcomes: loads.map((load) => simulate(load, isTiered)),
  }));
  console.log("| requests/s | cache | hit ratio | store reads/s | mean age, s | oldest, s | answered from memory |");
  console.log("|---|---|---|---|---|---|---|");
  for (const [i, load] of loads.entries()) {
    for (const { name, outcomes } of results) {
      const of = outcomes[i];
      if (!of) continue;
      const figures = [of.hitRatio * 100, of.storeReadsPerSecond, of.meanAge, of.oldestAge, of.fromMemory * 100];
      const [hits, reads, mean, oldest, memory] = figures.map((figure) => figure.toFixed(1));
      console.log(
        `| ${load.toLocaleString("en")} | ${name} | ${hits} % | ${reads} | ${mean} | ${oldest} | ${memory} % |`,
      );
    }
  }
  mkdirSync(output, { recursive: true });
  writeFileSync(`${output}simulation.json`, `${JSON.stringify({ assumptions, results }, null, 1)}\n`);
  const plot = logarithmic(
    "Reads of the store, simulated",
    { label: "requests a second, all data centres", range: [loads[0] ?? 1, loads.at(-1) ?? 1] },
    { label: "reads/s", range: [1, 10_000] },
    results.map(({ name, outcomes }) => ({
      name,
      points: outcomes.map((of): [number, number] => [of.requestsPerSecond, of.storeReadsPerSecond]),
    })),
  );
  writeFileSync(`${output}simulation.svg`, plot);
});
