import { withDeadline } from "../base/deadline.ts";
import type { Cache, Cached, Storage, WaitUntil } from "./cache.ts";
import { isFresh, isFromPast, secondsOnError, secondsUntilTooOld } from "./freshness.ts";
import { Lru } from "./lru.ts";
import { SingleFlight } from "./single-flight.ts";

export interface SwrCacheOptions<T> {
  storage: Storage<T>;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
  /** Told of faults of the storage, which never fail a read. @default console.error */
  logError?: ((message: string) => void) | undefined;
}

/** The circuit breaker: for so long after a failed load, a stale value is served and no load is tried. Without one, each is. */
const breakerMs = 5_000;
/** For so long after a failed load, loads are tried in the background only: a store that hangs delays no reader. */
const probingMs = 30_000;
/** A load in the background waits so long at most for what it has loaded to be stored. */
const storingMs = 1_000;
/** How many keys may be remembered as failing. */
const failingKeys = 1_000;

/** Adds to a storage: freshness, stale-while-revalidate, stale-if-error (RFC 5861), single flight and a circuit breaker. */
export function swrCache<T>({ storage, now = Date.now, logError = console.error }: SwrCacheOptions<T>): Cache<T> {
  const flights = new SingleFlight<Cached<T>>();
  const failures = new Lru<number>({ entries: failingKeys });

  async function match(key: string): Promise<Cached<T> | undefined> {
    try {
      const entry = await storage.match(key);
      return entry && isFromPast(entry, now()) ? entry : undefined;
    } catch (error) {
      logError(`the cache could not be read: ${error}`);
      return undefined;
    }
  }

  const put = (key: string, entry: Cached<T>) =>
    storage.put(key, entry).catch((error: unknown) => logError(`the cache could not be written: ${error}`));

  /**
   * Loads once for all concurrent callers, stores what may be kept, and remembers a failure. A client that waits does not wait
   * for the storage too; in the background the load ends with that, so that no second one begins in between, unless it takes long:
   * a reader who comes meanwhile may have nothing else.
   */
  function reload(key: string, load: () => Promise<Cached<T>>, waitUntil: WaitUntil, { isAwaited = false } = {}) {
    const loadAndStore = async () => {
      const start = now();
      try {
        const loaded = await load();
        // A cache further on that gives something too old must be failing to get a newer one.
        const isTooOld = loaded.freshness !== undefined && secondsUntilTooOld(loaded, start) < 0;
        if (isTooOld) failures.set(key, now());
        else failures.delete(key);
        if (loaded.freshness) {
          const stored = put(key, loaded);
          waitUntil(stored);
          if (!isAwaited) await withDeadline(stored, storingMs, Error).catch(() => undefined);
        }
        return loaded;
      } catch (error) {
        failures.set(key, now());
        throw error;
      }
    };
    return flights.run(key, loadAndStore, waitUntil);
  }

  /** Waits for a load; falls back on a stale entry where that fails, or gives something older still. */
  async function forward(
    key: string,
    load: () => Promise<Cached<T>>,
    waitUntil: WaitUntil,
    stale?: Cached<T>,
  ): Promise<Cached<T>> {
    try {
      const { value: loaded, collapsed } = await reload(key, load, waitUntil, { isAwaited: true });
      if (!stale || loaded.generatedAt >= stale.generatedAt) {
        return { ...loaded, status: stale ? "expired" : "miss", collapsed };
      }
    } catch (error) {
      if (!stale) throw error;
    }
    return { ...stale, status: "stale-after-error" };
  }

  return {
    async get(key, load, waitUntil) {
      const entry = await match(key);
      if (!entry) return forward(key, load, waitUntil);
      if (isFresh(entry, now())) return { ...entry, status: "fresh" };

      const mayRevalidate = secondsUntilTooOld(entry, now()) > 0;
      if (!mayRevalidate && secondsOnError(entry, now()) <= 0) return forward(key, load, waitUntil);
      const sinceFailure = now() - (failures.get(key) ?? Number.NEGATIVE_INFINITY);
      const isFailing = sinceFailure < probingMs;
      if (!isFailing && !mayRevalidate) return forward(key, load, waitUntil, entry);

      const isDue = sinceFailure >= breakerMs && !flights.has(key);
      if (isDue) waitUntil(reload(key, load, waitUntil).catch(() => undefined));
      return { ...entry, status: isFailing ? "stale-if-error" : "stale-while-revalidate" };
    },
  };
}
