import type { Cached } from "./cache.ts";
import { readCacheControl, writeCacheControl } from "./freshness.ts";

/** A response as caches keep it. */
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

/** The inverse of `cachingHeaders`. */
export const readCachingHeaders = (headers: Headers) => ({
  generatedAt: Number(headers.get(generatedAtHeader)),
  freshness: readCacheControl(headers.get("Cache-Control")),
});

/** Takes from a Response what is stored of it. */
export async function readResponse(response: Response): Promise<StoredResponse> {
  const headers: Record<string, string> = {};
  for (const name of clientHeaders) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: response.status, headers, body: await response.text() };
}
