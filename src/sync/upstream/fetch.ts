import { jitteredBackOff, retry } from "../../base/retry.ts";
import { Passing, SyncError } from "../sync-error.ts";
import { shownAddress } from "./address.ts";
import type { Limits } from "./limits.ts";
import { readJson, refusal, type UpstreamResponse } from "./response.ts";

/** How upstream is asked; all but the token is given by tests only. */
export interface UpstreamOptions {
  /** Undefined where nothing is to go along. */
  token: string | undefined;
  limits: Limits;
  /** Statuses that say that there is nothing: the JSON is then undefined. @default none */
  absentStatuses?: number[];
  /** When the run must have ended; milliseconds since 1970. */
  deadline: number;
  fetch: typeof fetch;
  wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1. */
  random: () => number;
  now: () => number;
}

/**
 * Gets JSON from upstream: tries again after faults that may pass, follows redirects within the same origin, and stops at
 * every limit.
 * @throws SyncError
 */
export async function fetchUpstream(url: URL, options: UpstreamOptions): Promise<UpstreamResponse> {
  const { limits, random, wait, now, deadline } = options;
  const backOff = jitteredBackOff(limits.firstWaitMs, random);
  const { token, absentStatuses } = options;
  const exchange: Exchange<UpstreamResponse> = {
    headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), Accept: "application/json" },
    check(next, address) {
      // The token goes along: it is sent to the origin that was configured, and to no other.
      if (next.origin === url.origin) return;
      throw new SyncError(`${address} redirects to ${next.origin}, which may not have the token`);
    },
    async read(response, address) {
      if (response.status === 200) return readJson(response, limits, address);
      await response.body?.cancel();
      if (absentStatuses?.includes(response.status)) return { json: undefined, bytes: 0, values: 0 };
      throw refusal(response, address, now());
    },
  };
  return retry(() => followRedirects(url, exchange, options), {
    attempts: limits.attempts,
    mayRetry: (error) => retryAfterOf(error, limits) !== undefined,
    waitMs: (attempt, error) => (retryAfterOf(error, limits) ?? 0) + backOff(attempt),
    deadline,
    now,
    sleep: wait,
  });
}

/**
 * The least that a fault asks to wait, in milliseconds; undefined for one that does not pass.
 * @throws SyncError for one that asks for too much
 */
function retryAfterOf(error: unknown, { longestRetryAfterMs }: Limits): number | undefined {
  if (!(error instanceof Passing)) return undefined;
  const { retryAfterMs } = error;
  if (retryAfterMs <= longestRetryAfterMs) return retryAfterMs;
  throw new SyncError(`${error.message}, and asks to be left alone for ${retryAfterMs / 1000} s`);
}

/** A request, and what is made of its response. */
export interface Exchange<T> {
  headers: Record<string, string>;
  /**
   * Called with each address before a request goes there, and with the one that led there, as it is shown.
   * @throws SyncError for one that may have no request
   */
  check: (url: URL, from: string) => void;
  /** Reads a response that is no redirect; its address is as it is shown. */
  read: (response: Response, address: string) => Promise<T>;
}

/**
 * Sends a request once, and follows redirects.
 * @throws SyncError
 */
export async function followRedirects<T>(start: URL, exchange: Exchange<T>, options: ExchangeOptions): Promise<T> {
  let url = start;
  exchange.check(url, shownAddress(url.href));
  for (let redirects = 0; ; redirects++) {
    const outcome = await attempt(url, exchange, options);
    if ("value" in outcome) return outcome.value;
    const next = URL.parse(outcome.location, url.href);
    const address = shownAddress(url.href);
    if (!next) throw new SyncError(`${address} redirects to nowhere`);
    if (redirects === options.limits.redirects) {
      throw new SyncError(`${address} redirects for more than ${redirects} times`);
    }
    exchange.check(next, address);
    url = next;
  }
}

export type ExchangeOptions = Pick<UpstreamOptions, "limits" | "deadline" | "fetch" | "now">;

/** One request, its body included. */
async function attempt<T>(
  url: URL,
  { headers, read }: Exchange<T>,
  { limits, fetch, now, deadline }: ExchangeOptions,
): Promise<{ location: string } | { value: T }> {
  const address = shownAddress(url.href);
  const milliseconds = Math.min(limits.attemptMs, deadline - now());
  if (milliseconds <= 0) throw new SyncError(`reading from ${address} took more than ${limits.runMs / 1000} s in all`);
  try {
    const response = await fetch(url.href, {
      headers: { ...headers, "User-Agent": "authentik-sources-edge" },
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(milliseconds),
    });
    const location = response.headers.get("Location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      return { location };
    }
    return { value: await read(response, address) };
  } catch (error) {
    if (error instanceof SyncError) throw error;
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new SyncError(`${address} did not answer in full within ${milliseconds / 1000} s`);
    }
    // Its own message is not told: who knows what a runtime puts into it.
    throw new Passing(`the connection to ${address} failed${codeOf(error)}`);
  }
}

/** A code of the operating system, such as ECONNREFUSED, where the runtime gives one. */
export function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : "";
}
