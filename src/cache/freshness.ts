/** How long an answer may be served, in whole seconds since it was made. */
export interface Freshness {
  /** Served without asking anybody. */
  fresh: number;
  /** And this much longer, while a new one is fetched in the background. */
  staleWhileRevalidate: number;
  /** And this much longer than fresh, while none can be had. */
  staleIfError: number;
}

/**
 * The `Cache-Control` that every cache here goes by (RFC 9111, RFC 5861). Never `s-maxage`, `must-revalidate` or
 * `proxy-revalidate`: on Workers Cache they switch the serving of stale answers off.
 */
export const cacheControl = ({ fresh, staleWhileRevalidate, staleIfError }: Freshness): string =>
  `max-age=${fresh}, stale-while-revalidate=${staleWhileRevalidate}, stale-if-error=${staleIfError}`;

/** Reads it back; undefined for an answer that may not be kept. */
export function readCacheControl(header: string | null): Freshness | undefined {
  const seconds = (directive: string) => Number(header?.match(`(?:^|[, ])${directive}=([0-9]+)`)?.[1] ?? 0);
  if (!header?.includes("max-age=")) return undefined;
  return {
    fresh: seconds("max-age"),
    staleWhileRevalidate: seconds("stale-while-revalidate"),
    staleIfError: seconds("stale-if-error"),
  };
}
