import { type Freshness, readCacheControl } from "./freshness.ts";

/** An answer of the origin, as plain data: a Response belongs to the request that made it, and cannot be shared. */
export interface Answer {
  status: number;
  /** Those that clients get; the others are for caches. */
  headers: Record<string, string>;
  body: string;
  /** When the origin began to make it, before it read the store; milliseconds since 1970. */
  generatedAt: number;
  /** Undefined where it may not be kept. */
  freshness: Freshness | undefined;
  /** Cloudflare's `Cf-Cache-Status`, where its cache stood in front of the origin. */
  platformStatus?: string;
}

/** Carries `generatedAt`, inside only: `Date` has but seconds, and networks set it anew. */
export const generatedAtHeader = "X-Generated-At";

const clientHeaders = ["Content-Type", "ETag", "Last-Modified", "Retry-After"];

/** Takes an answer out of a Response, whoever may have kept it meanwhile. */
export async function readAnswer(response: Response): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const name of clientHeaders) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const platformStatus = response.headers.get("Cf-Cache-Status");
  return {
    ...(platformStatus !== null && { platformStatus }),
    status: response.status,
    headers,
    body: await response.text(),
    generatedAt: Number(response.headers.get(generatedAtHeader)),
    freshness: readCacheControl(response.headers.get("Cache-Control")),
  };
}

/** Seconds since it was made; never negative, whatever two clocks say. */
export const ageOf = (answer: Answer, now: number): number => Math.max(0, (now - answer.generatedAt) / 1000);

export const isFresh = (answer: Answer, now: number): boolean => ageOf(answer, now) < (answer.freshness?.fresh ?? 0);

/** Whether it may be served while a newer one is fetched. */
export const mayServeWhileRevalidating = (answer: Answer, now: number): boolean =>
  answer.freshness !== undefined && ageOf(answer, now) < answer.freshness.fresh + answer.freshness.staleWhileRevalidate;

/** Whether a cache further on gave it though it had to have a newer one at this moment: what it asks must be failing. */
export const wasOverdue = (answer: Answer, then: number): boolean =>
  answer.freshness !== undefined &&
  ageOf(answer, then) > answer.freshness.fresh + answer.freshness.staleWhileRevalidate;

/** Whether it may be served where no newer one can be had. */
export const mayServeOnError = (answer: Answer, now: number): boolean =>
  answer.freshness !== undefined && ageOf(answer, now) < answer.freshness.fresh + answer.freshness.staleIfError;

/** The parameter of `Cache-Status`: seconds for which it stays fresh, negative once it is stale; none for what is never kept. */
export const ttl = (answer: Answer, now: number): string =>
  answer.freshness ? `; ttl=${Math.floor(answer.freshness.fresh - ageOf(answer, now))}` : "";
