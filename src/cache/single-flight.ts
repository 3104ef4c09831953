import { withDeadline } from "../base/deadline.ts";
import { Unavailable } from "../base/unavailable.ts";
import type { WaitUntil } from "./cache.ts";

/** Longer than the store's client may take by its own limits: only a load that hangs meets it. */
const deadlineMs = 10_000;

/**
 * Concurrent callers of a key share one load.
 *
 * A promise of another request may never settle, where that request is cancelled. So the leader keeps its load alive by
 * `waitUntil`, every caller waits by a timer of its own, and the first whose timer runs out removes the load, so that it
 * delays nobody after them.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Whether a load for the key is under way. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * @returns what was loaded, and whether by another caller
   * @throws Unavailable after 10 s, or what the load throws
   */
  async run(key: string, load: () => Promise<T>, waitUntil: WaitUntil): Promise<{ value: T; collapsed: boolean }> {
    const underWay = this.#flights.get(key);
    const flight = underWay ?? load();
    if (!underWay) {
      this.#flights.set(key, flight);
      waitUntil(flight.catch(() => undefined));
    }
    try {
      return { value: await withDeadline(flight, deadlineMs, timeoutError), collapsed: underWay !== undefined };
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }
}

const timeoutError = () => new Unavailable(`nothing was loaded within ${deadlineMs} ms`);
