import { type Answer, isFresh, mayServeOnError, mayServeWhileRevalidating, ttl, wasOverdue } from "./answer.ts";
import { BoundedMap } from "./bounded-map.ts";
import { SingleFlight } from "./single-flight.ts";
import type { CacheStage, Load, Served, StageContext } from "./stage.ts";
import type { Storage } from "./storage.ts";

export interface LocalCacheOptions {
  storage: Storage;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
  /** Told of faults of the storage, which cost no read. @default console.error */
  logError?: (message: string) => void;
}

/** For so long after a failed load nobody tries again: what is stale is served at once. */
const breakerMs = 5_000;
/** And for so long tries are made in the background: an origin that is known to fail keeps no reader waiting. */
const probingMs = 30_000;
/** How far the clocks of two machines of a data centre may differ. */
const clockSkewMs = 1_000;
/** How many keys may be remembered as failing. */
const failingKeys = 1_000;

/**
 * What a storage alone does not do: freshness, stale-while-revalidate and stale-if-error (RFC 5861), one load at a time for
 * each key and isolate, and a breaker.
 */
export function localCache({ storage, now = Date.now, logError = console.error }: LocalCacheOptions): CacheStage {
  const flights = new SingleFlight<Answer>();
  const failures = new BoundedMap<number>({ entries: failingKeys });

  /** An entry from the future would be fresh for ever: it is a miss. */
  async function match(key: string): Promise<Answer | undefined> {
    try {
      const kept = await storage.match(key);
      return kept && kept.generatedAt <= now() + clockSkewMs ? kept : undefined;
    } catch (error) {
      logError(`the cache could not be read: ${error}`);
      return undefined;
    }
  }

  const put = (key: string, answer: Answer) =>
    storage.put(key, answer).catch((error: unknown) => logError(`the cache could not be written: ${error}`));

  /** Loads once for all who ask meanwhile, keeps what may be kept, and remembers a failure. */
  function reload(key: string, load: Load, context: StageContext) {
    const loadAndKeep = async () => {
      try {
        const start = now();
        const answer = await load();
        if (answer.status >= 500 || wasOverdue(answer, start)) failures.set(key, now());
        else failures.delete(key);
        if (answer.freshness) await put(key, answer);
        return answer;
      } catch (error) {
        failures.set(key, now());
        throw error;
      }
    };
    return flights.run(key, loadAndKeep, context);
  }

  /** Waits for the origin; falls back on what is stale where that fails, or gives something older still. */
  async function forward(key: string, load: Load, context: StageContext, stale?: Answer): Promise<Served> {
    const reason = stale ? "fwd=stale" : "fwd=uri-miss";
    try {
      const { value: answer, collapsed } = await reload(key, load, context);
      if (!stale || (answer.status < 500 && answer.generatedAt >= stale.generatedAt)) {
        const outcome = collapsed ? "; collapsed" : answer.freshness ? "; stored" : "";
        return { answer, status: `${reason}; fwd-status=${answer.status}${outcome}${ttl(answer, now())}` };
      }
    } catch (error) {
      if (!stale) throw error;
    }
    return { answer: stale, status: `${reason}${ttl(stale, now())}; detail=stale-if-error` };
  }

  return {
    async serve(key, load, context) {
      const kept = await match(key);
      if (!kept || !(mayServeOnError(kept, now()) || mayServeWhileRevalidating(kept, now()))) {
        return forward(key, load, context);
      }
      if (isFresh(kept, now())) return { answer: kept, status: `hit${ttl(kept, now())}` };

      const sinceFailure = now() - (failures.get(key) ?? Number.NEGATIVE_INFINITY);
      const isFailing = sinceFailure < probingMs;
      if (!isFailing && !mayServeWhileRevalidating(kept, now())) return forward(key, load, context, kept);

      const isDue = sinceFailure >= breakerMs && !flights.has(key);
      if (isDue) context.waitUntil(reload(key, load, context).catch(() => undefined));
      const detail = isFailing ? "stale-if-error" : "stale-while-revalidate";
      return { answer: kept, status: `hit${ttl(kept, now())}; detail=${detail}` };
    },
  };
}
