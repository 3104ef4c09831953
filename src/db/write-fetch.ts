import { readBoundedText } from "../bounded-text.ts";
import { maxBytes } from "./read-fetch.ts";

/** For one statement of a transaction; the longest writes 500 sources. */
const deadlineMs = 10_000;

/**
 * A `fetch` for a store that is written to, with a deadline and a limit of bytes; it follows no redirects. It never tries
 * again, since a write that got no answer may have been done.
 */
export const writeFetch =
  (fetch: typeof globalThis.fetch = globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(new Request(input, init), { signal, redirect: "manual" });
    const { status, headers } = response;
    const type = headers.get("Content-Type") ?? "text/plain";
    return new Response(await readBoundedText(response, maxBytes), { status, headers: { "Content-Type": type } });
  };
