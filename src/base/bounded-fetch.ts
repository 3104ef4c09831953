import { readBoundedText } from "./bounded-text.ts";

export interface FetchBounds {
  /** For the whole exchange, the body of the response included: a server that drips is a server that hangs. */
  milliseconds: number;
  /** The response's body may have so many, after decompression. */
  maxBytes: number;
  /** @default the global fetch */
  fetch?: typeof fetch | undefined;
  /** Aborts after so many milliseconds. @default AbortSignal.timeout */
  timeout?: ((milliseconds: number) => AbortSignal) | undefined;
}

const abortAfter = (milliseconds: number) => AbortSignal.timeout(milliseconds);

export interface BoundedResponse {
  /** As it came: its own body is bounded in time alone. */
  response: Response;
  /** @throws BodyTooLong, NotUtf8, or whatever a lost connection or a time-out throws */
  text: () => Promise<string>;
}

/**
 * Sends a request that ends in time, and follows no redirect: credentials go to the address that was asked alone.
 * @throws what `fetch` throws; a DOMException named TimeoutError after the given time
 */
export async function boundedFetch(
  input: URL | Request,
  init: RequestInit,
  { milliseconds, maxBytes, fetch = globalThis.fetch, timeout = abortAfter }: FetchBounds,
): Promise<BoundedResponse> {
  const signal = timeout(milliseconds);
  const response = await fetch(input, { ...init, signal, redirect: "manual" });
  return { response, text: () => readBoundedText(response, maxBytes) };
}
