import type { Cache, Cached, CacheStatus, Storage } from "./cache.ts";
import { isFromPast, secondsOnError, secondsUntilTooOld } from "./freshness.ts";
import { type Bounds, Lru } from "./lru.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Keeps entries in the memory of the isolate, where no other Worker can plant one. */
export function memoryStorage<T>(bounds: Bounds, sizeOf: (value: T) => number = () => 0): Storage<T> {
  const entries = new Lru<Cached<T>>(bounds);
  return {
    match: async (key) => entries.get(key),
    put: async (key, entry) => entries.set(key, entry, sizeOf(entry.value)),
  };
}

export interface MemoryCacheOptions {
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
  /** @default those of lists */
  bounds?: Bounds | undefined;
}

/** The bounds of the memory for lists, far below an isolate's 128 MB. */
const listBounds: Bounds = { entries: 500, size: 8 * 1024 * 1024 };
/** The bounds of the memory for images of icons, as base64: they displace no list. */
export const imageBounds: Bounds = { entries: 200, size: 4 * 1024 * 1024 };
const longestSeconds = 3;

/**
 * Keeps hot responses in the isolate for 3 s, in front of another cache: a hit in the Cache API costs three to four times as
 * much. The time here adds nothing to the age at which a response may be served.
 */
export function memoryCache(
  next: Cache<StoredResponse>,
  { now = Date.now, bounds = listBounds }: MemoryCacheOptions = {},
): Cache<StoredResponse> & Required<Pick<Cache<StoredResponse>, "peek">> {
  const hot = new Lru<{ entry: Cached<StoredResponse>; until: number }>(bounds);

  function peek(key: string): Cached<StoredResponse> | undefined {
    const found = hot.peek(key);
    return found && now() < found.until && isFromPast(found.entry, now()) ? found.entry : undefined;
  }

  return {
    peek,
    async get(key, load, waitUntil) {
      const found = peek(key);
      if (found) return found;
      const entry = await next.get(key, load, waitUntil);
      const seconds = keepableSeconds(entry, now());
      if (seconds > 0) {
        const size = key.length + entry.value.body.length;
        hot.set(key, { entry: asMemoryHit(entry), until: now() + seconds * 1000 }, size);
      }
      return entry;
    },
  };
}

const asMemoryHit = (entry: Cached<StoredResponse>): Cached<StoredResponse> => ({
  ...entry,
  status: statusInMemory[entry.status] ?? "memory",
});

/** A stale response is still called so out of memory. */
const statusInMemory: Partial<Record<CacheStatus, CacheStatus>> = {
  "stale-while-revalidate": "stale-while-revalidate",
  "stale-if-error": "stale-if-error",
  "stale-after-error": "stale-if-error",
};

/** At most 3 s, and not past the time for which it may be served: while the store fails, that is stale-if-error. */
function keepableSeconds(entry: Cached<unknown>, now: number): number {
  if (!entry.freshness) return 0;
  const isFailing = statusInMemory[entry.status] === "stale-if-error";
  const rest = isFailing ? secondsOnError(entry, now) : secondsUntilTooOld(entry, now);
  return Math.min(longestSeconds, rest);
}
