export interface RetryOptions {
  /** How often it is tried at most, the first time included. */
  attempts: number;
  mayRetry: (error: unknown) => boolean;
  /** How long to wait, in milliseconds, after so many attempts. */
  waitMs: (attempt: number, error: unknown) => number;
  /** No attempt begins later, in milliseconds since 1970. @default there is no such time */
  deadline?: number;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

const sleepFor = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Tries something again where that may help.
 * @throws what the last attempt has thrown
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, mayRetry, waitMs, deadline = Number.POSITIVE_INFINITY, now = Date.now, sleep = sleepFor } = options;
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (number >= attempts || !mayRetry(error)) throw error;
      const wait = waitMs(number, error);
      if (now() + wait >= deadline) throw error;
      await sleep(wait);
    }
  }
}

/** Twice as long after each attempt, and less by chance, so that isolates do not come back as one. */
export const jitteredBackOff =
  (firstMs: number, random: () => number = Math.random) =>
  (attempt: number): number =>
    random() * firstMs * 2 ** (attempt - 1);
