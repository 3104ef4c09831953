import type { Cache, CacheSource } from "./cache.ts";

/** Cloudflare's words for where a response came from, in `Cf-Cache-Status`. */
const sources: Record<string, CacheSource> = {
  HIT: "fresh",
  STALE: "stale-if-error",
  UPDATING: "stale-while-revalidate",
  REVALIDATED: "revalidated",
  EXPIRED: "expired",
  MISS: "miss",
};

/**
 * Reads where a response came from that Workers Cache stands in front of.
 * @param logError told once where it does not. @default console.error
 */
export function platformSourceReader(logError: (message: string) => void = console.error) {
  let hasWarned = false;
  return (response: Response): CacheSource => {
    const status = response.headers.get("Cf-Cache-Status");
    if (status === null && !hasWarned) {
      hasWarned = true;
      logError(
        "Sources answered without Cf-Cache-Status: Workers Cache is not on for it, see [exports.Sources] in wrangler.toml",
      );
    }
    return sources[status ?? ""] ?? "bypass";
  };
}

/**
 * Leaves caching to Workers Cache, which stands in front of the `Sources` entrypoint that loads ask: it is tiered over the
 * whole network, collapses concurrent requests and serves stale responses itself.
 */
export function workersCache<T>(): Cache<T> {
  return { get: (_key, load) => load() };
}
