import type { Context } from "hono";
import type { Cached } from "./cache/cache.ts";
import { memoryStorage } from "./cache/memory.ts";
import { swrCache } from "./cache/swr.ts";
import { waitUntilOf } from "./http/context.ts";
import { describe } from "./http/errors.ts";
import type { Results } from "./read.ts";

export interface ReadinessOptions {
  read: (c: Context) => Promise<Cached<Results["ready"]>>;
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
 * Answers whether the store does and, where it is kept in step with authentik, how old its last good run is, what started it
 * and how many warnings it had: nothing else of it, since anybody may ask. A run that is dated in the future is stale: its true
 * age is not known.
 */
export function readiness({ read, maxAgeSeconds, problem, now = Date.now }: ReadinessOptions) {
  const cache = swrCache<Results["ready"] | undefined>({ storage: memoryStorage({ entries: 1 }), now });

  const failed = (error: unknown): Cached<undefined> => {
    console.error(`not ready: ${describe(error)}`);
    const freshness = { fresh: failureSeconds, staleWhileRevalidate: 0, staleIfError: 0 };
    return { value: undefined, generatedAt: now(), freshness, source: "bypass" };
  };

  return async (c: Context) => {
    const { value } = await cache.get("ready", () => read(c).catch(failed), waitUntilOf(c));
    if (!value) return c.json({ status: "unavailable", problem }, 503);
    const { syncedAt, trigger, warnings } = value;
    const age = syncedAt === null ? Number.POSITIVE_INFINITY : Math.floor((now() - syncedAt) / 1000);
    const isStale = age < -clockSkewSeconds || (maxAgeSeconds !== undefined && age > maxAgeSeconds);
    const sync = syncedAt === null ? undefined : { age_seconds: Math.max(0, age), trigger, warnings };
    return c.json({ status: isStale ? "stale" : "ready", sync, problem }, isStale ? 503 : 200);
  };
}
