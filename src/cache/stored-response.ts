import type { Cached, CacheStatus } from "./cache.ts";
import { readCacheControl, writeCacheControl } from "./freshness.ts";

/** A response as caches keep it: plain data, since a Response belongs to the request that made it. */
export interface StoredResponse {
  status: number;
  /** Those that clients get; the others are for caches. */
  headers: Record<string, string>;
  body: string;
}

/** Carries `generatedAt` between caches: `Date` has seconds only, and networks set it anew. */
export const generatedAtHeader = "X-Generated-At";

const clientHeaders = ["Content-Type", "ETag", "Last-Modified"];

/** The headers by which caches go. */
export const cachingHeaders = ({ generatedAt, freshness }: Omit<Cached<unknown>, "value">): Record<string, string> => ({
  [generatedAtHeader]: String(generatedAt),
  "Cache-Control": freshness ? writeCacheControl(freshness) : "no-store",
});

/** Cloudflare's words for where a response came from, in `Cf-Cache-Status`. */
const platformStatuses: Record<string, CacheStatus> = {
  HIT: "fresh",
  STALE: "stale-if-error",
  UPDATING: "stale-while-revalidate",
  REVALIDATED: "revalidated",
  EXPIRED: "expired",
  MISS: "miss",
};

/** The inverse of `cachingHeaders`, for a response that may have come through Workers Cache. */
export async function readCachedResponse(response: Response): Promise<Cached<StoredResponse>> {
  return {
    value: await readResponse(response),
    generatedAt: Number(response.headers.get(generatedAtHeader)),
    freshness: readCacheControl(response.headers.get("Cache-Control")),
    status: platformStatuses[response.headers.get("Cf-Cache-Status") ?? ""] ?? "bypass",
  };
}

/** Takes from a Response what is stored of it. */
export async function readResponse(response: Response): Promise<StoredResponse> {
  const headers: Record<string, string> = {};
  for (const name of clientHeaders) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: response.status, headers, body: await response.text() };
}
