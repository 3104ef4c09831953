import type { StageContext } from "./stage.ts";

/** Longer than the store's client may take by its own limits: only what hangs meets it. */
const deadlineMs = 10_000;

/** A load did not end in time. */
export class LoadTimeout extends Error {
  override name = "LoadTimeout";
}

/**
 * One load at a time for each key: who comes while one is under way waits for that one.
 *
 * A promise of another request may never settle, where that request is cancelled. So the leader keeps its load alive by
 * `waitUntil`, everyone waits by a timer of their own, and whoever's timer runs out takes the load off the table, so that
 * it holds nobody after them.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Whether a load for the key is under way. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * @returns what the load gave, and whether it was another caller's
   * @throws LoadTimeout, or what the load throws
   */
  async run(key: string, load: () => Promise<T>, context: StageContext): Promise<{ value: T; collapsed: boolean }> {
    const underWay = this.#flights.get(key);
    const flight = underWay ?? load();
    if (!underWay) {
      this.#flights.set(key, flight);
      context.waitUntil(flight.catch(() => undefined));
    }
    try {
      return { value: await inTime(flight), collapsed: underWay !== undefined };
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LoadTimeout(`no answer within ${deadlineMs} ms`)), deadlineMs);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
