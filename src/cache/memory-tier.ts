import { type Answer, ttl } from "./answer.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { CacheStage, Served } from "./stage.ts";

export interface MemoryTierOptions {
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** Much less than an isolate's 128 MB. */
const bounds = { entries: 500, size: 8 * 1024 * 1024 };
const longestMs = 3_000;

/**
 * Keeps what is asked for again and again in the isolate, for a few seconds: the Cache API costs several times as much.
 * Time spent here adds nothing to the age at which an answer may be served.
 */
export function memoryTier(stage: CacheStage, { now = Date.now }: MemoryTierOptions = {}): CacheStage {
  const hot = new BoundedMap<{ answer: Answer; until: number; detail: string }>(bounds);

  /** Within the time that the answer may be served for; while the store fails, that is over and does not count. */
  function keepUntil({ answer: { generatedAt, freshness }, status }: Served): number {
    if (!freshness) return 0;
    if (detailOf(status) === "stale-if-error") return now() + longestMs;
    const bound = generatedAt + (freshness.fresh + freshness.staleWhileRevalidate) * 1000;
    return Math.min(now() + longestMs, bound);
  }

  return {
    async serve(key, load, context) {
      const found = hot.get(key);
      if (found && now() < found.until) {
        return { answer: found.answer, status: `hit${ttl(found.answer, now())}; detail=${found.detail}` };
      }
      const served = await stage.serve(key, load, context);
      const { answer, status } = served;
      const until = keepUntil(served);
      if (until > now()) hot.set(key, { answer, until, detail: detailOf(status) }, key.length + answer.body.length);
      return served;
    },
  };
}

/** What is stale is still called so here. */
const detailOf = (status: string): string => /detail=(stale-[a-z-]+)/.exec(status)?.[1] ?? "memory";
