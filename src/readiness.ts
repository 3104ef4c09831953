import type { Context } from "hono";
import * as z from "zod/mini";
import type { Freshness } from "./cache/freshness.ts";
import { localCache } from "./cache/local-cache.ts";
import { memoryStorage } from "./cache/storage.ts";
import { stageContext } from "./gateway.ts";
import { type AskOrigin, questions } from "./origin.ts";

export interface ReadinessOptions {
  askOrigin: AskOrigin;
  /** Not ready where the last good run of the sync is older than this. @default however old it is */
  maxAgeSeconds?: number | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** Anybody may ask, and as often as they like: a store that fails is not asked for that each time. */
const failingFreshness: Freshness = { fresh: 5, staleWhileRevalidate: 0, staleIfError: 0 };

/** The origin's answer; one of an older version, from a cache that versions share, says nothing of syncs. */
const answerSchema = z.object({ synced_at: z._default(z.nullable(z.number()), null) });

/**
 * Answers whether the store does and, where it is kept in step with authentik, how old its last good run is: nothing else
 * of it, since anybody may ask.
 */
export function readiness({ askOrigin, maxAgeSeconds, now = Date.now }: ReadinessOptions) {
  const cache = localCache({ storage: memoryStorage({ entries: 1 }), now });
  return async (c: Context) => {
    const load = async () => {
      const answer = await askOrigin(questions.ready, c);
      return answer.status === 200 ? answer : { ...answer, generatedAt: now(), freshness: failingFreshness };
    };
    const { answer } = await cache.serve(questions.ready, load, stageContext(c));
    if (answer.status !== 200) return c.json({ status: "unavailable" }, 503);
    const { synced_at: syncedAt } = answerSchema.parse(JSON.parse(answer.body));
    const age = syncedAt === null ? undefined : Math.max(0, Math.floor((now() - syncedAt) / 1000));
    const isOld = maxAgeSeconds !== undefined && (age === undefined || age > maxAgeSeconds);
    const sync = age === undefined ? {} : { sync: { age_seconds: age } };
    return c.json({ status: isOld ? "stale" : "ready", ...sync }, isOld ? 503 : 200);
  };
}
