/** How long a value may be served, in whole seconds since it was made. */
export interface Freshness {
  /** Served without asking anybody. */
  fresh: number;
  /** Served this much longer, while a new one is loaded in the background. */
  staleWhileRevalidate: number;
  /** Served this much longer than fresh, while none can be loaded. */
  staleIfError: number;
}

/** How long lists are served where nothing else is configured. */
export const defaultFreshness: Freshness = { fresh: 30, staleWhileRevalidate: 30, staleIfError: 86_400 };

/** What has an age. */
interface Dated {
  generatedAt: number;
  freshness: Freshness | undefined;
}

/** How far the clocks of two machines of a data centre may differ. */
const clockSkewMs = 1_000;

/** False for an entry dated in the future: planted, or written before the clock was set back. */
export const isFromPast = ({ generatedAt }: Pick<Dated, "generatedAt">, now: number): boolean =>
  generatedAt <= now + clockSkewMs;

/** Seconds since it was made; never negative, whatever two clocks say. */
export const ageOf = ({ generatedAt }: Dated, now: number): number => Math.max(0, (now - generatedAt) / 1000);

/** Seconds for which it stays fresh; negative once it is stale. */
export const timeToLive = (entry: Dated, now: number): number => (entry.freshness?.fresh ?? 0) - ageOf(entry, now);

export const isFresh = (entry: Dated, now: number): boolean => timeToLive(entry, now) > 0;

/** Seconds for which it may be served while the store is up. */
export const secondsUntilTooOld = (entry: Dated, now: number): number =>
  timeToLive(entry, now) + (entry.freshness?.staleWhileRevalidate ?? 0);

/** Seconds for which it may be served where no newer one can be had. */
export const secondsOnError = (entry: Dated, now: number): number =>
  timeToLive(entry, now) + (entry.freshness?.staleIfError ?? 0);

/**
 * The `Cache-Control` that every cache here goes by (RFC 9111, RFC 5861). Never `s-maxage`, `must-revalidate` or
 * `proxy-revalidate`: on Workers Cache they switch the serving of stale responses off.
 */
export const writeCacheControl = ({ fresh, staleWhileRevalidate, staleIfError }: Freshness): string =>
  `max-age=${fresh}, stale-while-revalidate=${staleWhileRevalidate}, stale-if-error=${staleIfError}`;

/** The inverse of `writeCacheControl`; undefined for a response that may not be kept. */
export function readCacheControl(header: string | null): Freshness | undefined {
  const seconds = (directive: string) => Number(header?.match(`(?:^|[, ])${directive}=([0-9]+)`)?.[1] ?? 0);
  if (!header?.includes("max-age=")) return undefined;
  return {
    fresh: seconds("max-age"),
    staleWhileRevalidate: seconds("stale-while-revalidate"),
    staleIfError: seconds("stale-if-error"),
  };
}
