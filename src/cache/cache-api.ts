import type { Storage } from "./cache.ts";
import { readCacheControl, writeCacheControl } from "./freshness.ts";
import { generatedAtHeader, readResponse, type StoredResponse } from "./stored-response.ts";

/** What is ever stored. Others may write to the Cache API too: an entry of any other status is not ours. */
const storedStatuses = [200, 404];
const statusHeader = "X-Status";
const cacheControlHeader = "X-Cache-Control";

export const defaultCacheName = "authentik-sources-edge";

/**
 * Keeps responses in the Cache API of the data centre.
 * @param name of a cache of its own: the default one is filled by a host's other traffic
 */
export function cacheApiStorage(name = defaultCacheName): Storage<StoredResponse> {
  return {
    async match(key) {
      const found = await (await caches.open(name)).match(key);
      const status = Number(found?.headers.get(statusHeader));
      if (!found || !storedStatuses.includes(status)) return undefined;
      return {
        value: { ...(await readResponse(found)), status },
        generatedAt: Number(found.headers.get(generatedAtHeader)),
        freshness: readCacheControl(found.headers.get(cacheControlHeader)),
        status: "fresh",
      };
    },
    async put(key, { value: { status, headers, body }, generatedAt, freshness }) {
      if (!freshness) return;
      const { fresh, staleWhileRevalidate, staleIfError } = freshness;
      const stored = new Response(body, {
        headers: {
          ...headers,
          [statusHeader]: String(status),
          [generatedAtHeader]: String(generatedAt),
          [cacheControlHeader]: writeCacheControl(freshness),
          // The API goes by max-age alone: it must cover the time for which a stale response may be served.
          "Cache-Control": `max-age=${fresh + Math.max(staleIfError, staleWhileRevalidate)}`,
        },
      });
      await (await caches.open(name)).put(key, stored);
    },
  };
}
