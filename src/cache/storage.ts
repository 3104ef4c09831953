import { type Answer, generatedAtHeader, readAnswer } from "./answer.ts";
import { BoundedMap, type Bounds } from "./bounded-map.ts";
import { cacheControl, readCacheControl } from "./freshness.ts";

/** Where a local cache keeps its answers. It may forget any of them at any time. */
export interface Storage {
  match(key: string): Promise<Answer | undefined>;
  /** @param answer one with a freshness */
  put(key: string, answer: Answer): Promise<void>;
}

/** Keeps answers in the memory of the isolate, where no other Worker can plant one. */
export function memoryStorage(bounds: Bounds): Storage {
  const answers = new BoundedMap<Answer>(bounds);
  return {
    match: async (key) => answers.get(key),
    put: async (key, answer) => answers.set(key, answer, answer.body.length),
  };
}

/** What the origin lets caches keep. Others may write to the Cache API as well: any other status was not put there by us. */
const keptStatuses = [200, 404];
const statusHeader = "X-Status";
const cacheControlHeader = "X-Cache-Control";

/**
 * Keeps answers in the Cache API of the data centre.
 * @param name of a cache of its own: the default one is filled by a host's other traffic
 */
export function cacheApiStorage(name = "authentik-sources-edge"): Storage {
  return {
    async match(key) {
      const kept = await (await caches.open(name)).match(key);
      if (!kept) return undefined;
      const status = Number(kept.headers.get(statusHeader));
      if (!keptStatuses.includes(status)) return undefined;
      const { platformStatus: _, ...answer } = await readAnswer(kept);
      return {
        ...answer,
        status,
        freshness: readCacheControl(kept.headers.get(cacheControlHeader)),
      };
    },
    async put(key, { status, headers, body, generatedAt, freshness }) {
      if (!freshness) return;
      const kept = new Response(body, {
        headers: {
          ...headers,
          [statusHeader]: String(status),
          [generatedAtHeader]: String(generatedAt),
          [cacheControlHeader]: cacheControl(freshness),
          // The API goes by max-age alone: that must cover the time for which a stale answer may serve.
          "Cache-Control": `max-age=${freshness.fresh + Math.max(freshness.staleIfError, freshness.staleWhileRevalidate)}`,
        },
      });
      await (await caches.open(name)).put(key, kept);
    },
  };
}
