import { random } from "./generate.ts";

/** docs/performance.md gives their reasons. Times are seconds. */
export const assumptions = {
  seed: 3,
  dataCentres: 300,
  pages: 200,
  fresh: 30,
  staleWhileRevalidate: 30,
  /** How long an isolate keeps a page. */
  memory: 3,
  /** What one isolate answers, before the platform starts another. */
  requestsPerIsolate: 500,
  /** Between two changes of the list, each of which marks every copy of the platform's cache stale. */
  changesEvery: 300,
  simulated: 600,
  /** LOG_HITS. */
  loggedHits: 0.01,
};

const loads = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

export interface Outcome {
  requestsPerSecond: number;
  hitRatio: number;
  storeReadsPerSecond: number;
  /** Of what readers get: the mean, and the oldest. */
  meanAge: number;
  oldestAge: number;
  /** The share of the requests that an isolate answers by what it keeps itself. */
  fromMemory: number;
  logLinesPerSecond: number;
}

export interface Simulation {
  name: string;
  outcomes: Outcome[];
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
function simulateLoad(requestsPerSecond: number, isTiered: boolean): Outcome {
  const { seed, dataCentres, pages, fresh, staleWhileRevalidate, simulated, changesEvery, loggedHits } = assumptions;
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
  const missRatio = total.misses / total.requests;
  return {
    requestsPerSecond,
    hitRatio: 1 - missRatio,
    storeReadsPerSecond: total.reads / simulated,
    meanAge: total.age / total.requests,
    oldestAge: total.oldest,
    fromMemory: shareKept(requestsPerSecond, centres, wanted),
    logLinesPerSecond: requestsPerSecond * (missRatio + (1 - missRatio) * loggedHits),
  };
}

/** Of each isolate's requests for a page, the first is kept, and answers those of the next seconds. */
function shareKept(requestsPerSecond: number, centres: number[], wanted: number[]): number {
  const { memory, requestsPerIsolate } = assumptions;
  let share = 0;
  for (const centre of centres) {
    const isolates = Math.max(1, (requestsPerSecond * centre) / requestsPerIsolate);
    for (const page of wanted) {
      const asked = ((requestsPerSecond * centre * page) / isolates) * memory;
      share += centre * page * (asked / (1 + asked));
    }
  }
  return share;
}

const kinds = { "Cache API alone": false, "tiered platform cache": true };

/**
 * Caching over some 300 data centres, from ten to a million requests a second, with each data centre's Cache API alone and with
 * the tiered platform cache. The same every time: its numbers are drawn from a fixed seed.
 */
export const simulate = (): Simulation[] =>
  Object.entries(kinds).map(([name, isTiered]) => ({
    name,
    outcomes: loads.map((load) => simulateLoad(load, isTiered)),
  }));
