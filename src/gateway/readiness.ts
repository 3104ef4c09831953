import type { Context } from "hono";
import { describeError } from "../base/describe-error.ts";
import type { Cached } from "../cache/cache.ts";
import { memoryStorage } from "../cache/memory.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import type { StoreKind } from "../db/database.ts";
import { waitUntilOf } from "../http/context.ts";
import { type Readiness, readinessSchema } from "../store/ready.ts";

export interface ReadinessOptions {
  /** Reads what `store/ready.ts` writes. */
  read: (c: Context) => Promise<Cached<StoredResponse>>;
  /** Not ready where the last good run of the sync is older than this. @default however old it is */
  maxAgeSeconds?: number | undefined;
  /** Which kind of store that is. */
  store: StoreKind;
  /** What is wrong with the configuration of the sync, in a sentence. */
  problem?: string | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** The command that fills a store without a source, into which no sync has ever put one. */
const emptiness: Record<StoreKind, string> = {
  d1: "the store is D1, and has no sources yet: run `npm run setup`, or `npm run dev -- --d1` for that of this machine",
  libsql: "the store is libSQL, and has no sources yet: run `npm run sync` or `npm run db:import`",
};

/** Anybody may ask as often as they like: a store that fails is not asked that often. */
const failureSeconds = 5;
/** How far the clock of a machine that runs the sync may be ahead. */
const clockSkewSeconds = 60;

/**
 * Answers which store there is, whether it answers, the last good run of the sync (its age, trigger, warnings, icons), and the command that
 * makes what is missing: no more, since anybody may ask. A run that is dated in the future is stale: its true age is not known.
 */
export function readiness({ read, maxAgeSeconds, store, problem, now = Date.now }: ReadinessOptions) {
  const cache = swrCache<Readiness | undefined>({ storage: memoryStorage({ entries: 1 }), now });

  async function load(c: Context): Promise<Cached<Readiness | undefined>> {
    try {
      const found = await read(c);
      const value = readinessSchema.parse(JSON.parse(found.value.body));
      if (value.remedy) console.error(`not ready: ${value.remedy}`);
      return { ...found, value };
    } catch (error) {
      console.error(`not ready: ${describeError(error)}`);
      const freshness = { fresh: failureSeconds, staleWhileRevalidate: 0, staleIfError: 0 };
      return { value: undefined, generatedAt: now(), freshness, status: "bypass" };
    }
  }

  return async (c: Context) => {
    const { value } = await cache.get("ready", () => load(c), waitUntilOf(c));
    if (!value || value.remedy) return c.json({ status: "unavailable", store, problem: value?.remedy ?? problem }, 503);
    const { syncedAt, trigger, warnings, icons, isEmpty } = value;
    const age = syncedAt === null ? Number.POSITIVE_INFINITY : Math.floor((now() - syncedAt) / 1000);
    const isStale = age < -clockSkewSeconds || (maxAgeSeconds !== undefined && age > maxAgeSeconds);
    const sync = syncedAt === null ? undefined : { age_seconds: Math.max(0, age), trigger, warnings, icons };
    const lack = isEmpty ? emptiness[store] : undefined;
    return c.json({ status: isStale ? "stale" : "ready", store, sync, problem: problem ?? lack }, isStale ? 503 : 200);
  };
}
