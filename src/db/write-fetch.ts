/** For one statement of a transaction; the longest writes 500 sources. */
const deadlineMs = 10_000;

/** A `fetch` for a store that is written to: with a deadline, and never tried again, since what got no answer may be done. */
export const writeFetch =
  (fetch: typeof globalThis.fetch = globalThis.fetch): typeof globalThis.fetch =>
  (input, init) =>
    fetch(new Request(input, init), { signal: AbortSignal.timeout(deadlineMs) });
