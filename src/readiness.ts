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
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** Anybody may ask as often as they like: a store that fails is not asked that often. */
const failureSeconds = 5;

/**
 * Answers whether the store does and, where it is kept in step with authentik, how old its last good run is, what started it
 * and how many warnings it had: nothing else of it, since anybody may ask.
 */
export function readiness({ read, maxAgeSeconds, now = Date.now }: ReadinessOptions) {
  const cache = swrCache<Results["ready"] | undefined>({ storage: memoryStorage({ entries: 1 }), now });

  const failed = (error: unknown): Cached<undefined> => {
    console.error(`not ready: ${describe(error)}`);
    const freshness = { fresh: failureSeconds, staleWhileRevalidate: 0, staleIfError: 0 };
    return { value: undefined, generatedAt: now(), freshness, source: "bypass" };
  };

  return async (c: Context) => {
    const { value } = await cache.get("ready", () => read(c).catch(failed), waitUntilOf(c));
    if (!value) return c.json({ status: "unavailable" }, 503);
    const { syncedAt, trigger, warnings } = value;
    const sync = syncedAt !== null && {
      age_seconds: Math.max(0, Math.floor((now() - syncedAt) / 1000)),
      trigger,
      warnings,
    };
    const isOld = maxAgeSeconds !== undefined && (!sync || sync.age_seconds > maxAgeSeconds);
    return c.json({ status: isOld ? "stale" : "ready", ...(sync && { sync }) }, isOld ? 503 : 200);
  };
}
