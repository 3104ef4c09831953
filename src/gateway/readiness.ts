import type { Context } from "hono";
import { describeError } from "../base/describe-error.ts";
import type { Cached } from "../cache/cache.ts";
import { memoryStorage } from "../cache/memory.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import { waitUntilOf } from "../http/context.ts";
import { type Readiness, readinessSchema } from "../store/ready.ts";

export interface ReadinessOptions {
  /** Reads what `store/ready.ts` writes. */
  read: (c: Context) => Promise<Cached<StoredResponse>>;
  /** Not ready where the last good run of the sync is older than this. @default however old it is */
  maxAgeSeconds?: number | undefined;
  /** What is wrong with the configuration of the sync, in a sentence. */
  problem?: string | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** Anybody may ask as often as they like: a store that fails is not asked that often. */
const failureSeconds = 5;
/** How far the clock of a machine that runs the sync may be ahead. */
const clockSkewSeconds = 60;

/**
 * Answers whether the store does and, where it is kept in step with authentik, how old its last good run is, what started it,
 * how many warnings it had and how many icons there are: nothing else of it, since anybody may ask. A run that is dated in the future is stale: its true
 * age is not known.
 */
export function readiness({ read, maxAgeSeconds, problem, now = Date.now }: ReadinessOptions) {
  const cache = swrCache<Readiness | undefined>({ storage: memoryStorage({ entries: 1 }), now });

  async function load(c: Context): Promise<Cached<Readiness | undefined>> {
    try {
      const found = await read(c);
      return { ...found, value: readinessSchema.parse(JSON.parse(found.value.body)) };
    } catch (error) {
      console.error(`not ready: ${describeError(error)}`);
      const freshness = { fresh: failureSeconds, staleWhileRevalidate: 0, staleIfError: 0 };
      return { value: undefined, generatedAt: now(), freshness, status: "bypass" };
    }
  }

  return async (c: Context) => {
    const { value } = await cache.get("ready", () => load(c), waitUntilOf(c));
    if (!value) return c.json({ status: "unavailable", problem }, 503);
    const { syncedAt, trigger, warnings, icons } = value;
    const age = syncedAt === null ? Number.POSITIVE_INFINITY : Math.floor((now() - syncedAt) / 1000);
    const isStale = age < -clockSkewSeconds || (maxAgeSeconds !== undefined && age > maxAgeSeconds);
    const sync = syncedAt === null ? undefined : { age_seconds: Math.max(0, age), trigger, warnings, icons };
    return c.json({ status: isStale ? "stale" : "ready", sync, problem }, isStale ? 503 : 200);
  };
}
