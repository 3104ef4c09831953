import { type Answer, faultOf } from "./answer.ts";

export interface Ways {
  /** The endpoint without a cache. */
  uncached: (path: string) => Promise<Answer>;
  /** With one. */
  cached: (path: string) => Promise<Answer>;
  /** With the same one, but for the tier in memory: what is under `cached` has been stored. */
  stored: (path: string) => Promise<Answer>;
}

export interface Requests {
  /** The path and query of each request, by its number. */
  request: (number: number) => string;
  /** The first number, and how many. */
  from: number;
  count: number;
  onProgress?: (done: number, total: number) => void;
}

export interface Comparison {
  /** How many requests were answered with each status. */
  statuses: Map<number, number>;
  /** What was wrong, each with its request. */
  faults: string[];
}

/** Requests at the same time. */
const width = 8;
/** More would tell nothing new. */
const enoughFaults = 10;

/**
 * Sends every request four times: without a cache, with a cache, again, and below `/api/v3`. All four answers must have
 * the same status and body, of the contract's form, and of a 200 the last two must be hits.
 */
export async function compareAnswers(ways: Ways, { request, from, count, onProgress }: Requests): Promise<Comparison> {
  const statuses = new Map<number, number>();
  const faults: string[] = [];

  async function compare(number: number): Promise<void> {
    const path = request(number);
    const uncached = await ways.uncached(path);
    const fault = faultOf(uncached, path, [200, 400, 404]) ?? (await differenceFrom(uncached, path, ways));
    statuses.set(uncached.status, (statuses.get(uncached.status) ?? 0) + 1);
    if (fault) faults.push(`request ${number}: ${fault}\n  ${new URL(path, "https://edge.example").href}`);
  }

  for (let done = 0; done < count && faults.length < enoughFaults; onProgress?.(done, count)) {
    const next = Math.min(done + width, count);
    await Promise.all(Array.from({ length: next - done }, (_, i) => compare(from + done + i)));
    done = next;
  }
  return { statuses, faults };
}

const excerpt = ({ status, body }: Answer) => `${status} ${body.slice(0, 200)}`;

async function differenceFrom(uncached: Answer, path: string, { cached, stored }: Ways): Promise<string | undefined> {
  const answers = {
    "with a cache": await cached(path),
    "with a cache, again": await cached(path),
    "below /api/v3": await stored(`/api/v3${path}`),
  };
  for (const [way, answer] of Object.entries(answers)) {
    if (answer.status !== uncached.status || answer.body !== uncached.body) {
      return `${way}: ${excerpt(answer)}\n  without one: ${excerpt(uncached)}`;
    }
    const cacheStatus = answer.headers.get("Cache-Status");
    const isHit = answer.status !== 200 || way === "with a cache" || cacheStatus?.includes("; hit");
    if (!isHit) return `${way}: no hit, but ${cacheStatus}`;
  }
  return undefined;
}
