import autocannon from "autocannon";
import { processorMs } from "./process.ts";

/** What answers, where it is not a Worker in the bench's own runtime. */
export interface Peer {
  origin: string;
  /** Whose processor time counts. */
  processes: number[];
}

/** What is sent, over and over. */
export interface Load extends Omit<Peer, "processes">, Partial<Pick<Peer, "processes">> {
  paths: string[];
  headers?: Record<string, string>;
  /** What every answer must be: a bench of errors measures nothing. */
  status: number;
}

export interface Run {
  requestsPerSecond: number;
  /** Processor time of what serves for each request, in microseconds; other loads of the machine do not add to it. */
  cpuMicroseconds: number;
}

export interface Ratio {
  median: number;
  minimum: number;
  maximum: number;
}

export interface Comparison {
  subject: Run[];
  base: Run[];
  /** The subject's throughput by the base's, one for each round. */
  throughput: Ratio;
  /** The base's processor time for a request by the subject's. */
  cpu: Ratio;
}

const connections = 16;

/**
 * @param much how long to send the load, in seconds, or how many requests
 * @param runtime the process whose time counts where the load names none
 */
export async function run(load: Load, much: { duration: number } | { amount: number }, runtime: number): Promise<Run> {
  const processes = load.processes ?? [runtime];
  const spent = () => processes.reduce((sum, each) => sum + processorMs(each), 0);
  const before = spent();
  const requests = load.paths.map((path) => ({ path, method: "GET" as const, headers: load.headers ?? {} }));
  let started = 0;
  const result = await autocannon({
    url: load.origin,
    connections,
    ...much,
    requests,
    // Each starts elsewhere: in step, all would ask for the same page at the same time.
    setupClient(client) {
      const first = Math.floor((started++ % connections) * (requests.length / connections));
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
    },
  });
  const total = Object.values(result.statusCodeStats ?? {}).reduce((sum, { count = 0 }) => sum + count, 0);
  const expected = result.statusCodeStats?.[load.status as unknown as keyof typeof result.statusCodeStats]?.count ?? 0;
  if (expected === 0 || expected !== total) {
    throw new Error(`${load.origin}${load.paths[0]}: ${expected} of ${total} answers were ${load.status}`);
  }
  return {
    requestsPerSecond: total / result.duration,
    cpuMicroseconds: ((spent() - before) * 1000) / total,
  };
}

/** Measures two loads in turn, so that whatever else the machine does meets both; a first round of each is thrown away. */
export async function compare(
  subject: Load,
  base: Load,
  options: { rounds: number; seconds: number; runtime: number },
): Promise<Comparison> {
  const { rounds, seconds, runtime } = options;
  const runs: Pick<Comparison, "subject" | "base"> = { subject: [], base: [] };
  for (let round = 0; round <= rounds; round++) {
    const a = await run(subject, { duration: seconds }, runtime);
    const b = await run(base, { duration: seconds }, runtime);
    if (round === 0) continue;
    runs.subject.push(a);
    runs.base.push(b);
  }
  const ratios = (of: (subject: Run, base: Run) => number) =>
    summarize(runs.subject.map((each, i) => of(each, runs.base[i] ?? each)));
  return {
    ...runs,
    throughput: ratios((a, b) => a.requestsPerSecond / b.requestsPerSecond),
    cpu: ratios((a, b) => b.cpuMicroseconds / a.cpuMicroseconds),
  };
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const summarize = (values: number[]): Ratio => ({
  median: median(values),
  minimum: Math.min(...values),
  maximum: Math.max(...values),
});
