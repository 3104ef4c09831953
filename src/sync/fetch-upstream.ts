import type { Limits } from "./limits.ts";
import { readBody } from "./read-body.ts";
import { PassingFault, SyncError } from "./sync-error.ts";
import { shownAddress } from "./upstream-address.ts";

/** What the asking takes; all but the token is given by tests only. */
export interface Asking {
  token: string;
  limits: Limits;
  /** When the run must have ended; milliseconds since 1970. */
  deadline: number;
  fetch: typeof fetch;
  wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1. */
  random: () => number;
  now: () => number;
}

export interface UpstreamAnswer {
  json: unknown;
  /** Of the text, about in bytes. */
  size: number;
}

/**
 * Gets JSON from upstream: tries again after faults that may pass, follows redirects within the same origin, and stops at
 * every limit.
 * @throws SyncError
 */
export async function fetchUpstream(url: URL, asking: Asking): Promise<UpstreamAnswer> {
  const { limits, random, wait, now, deadline } = asking;
  for (let attempt = 1; ; attempt++) {
    try {
      return await followRedirects(url, asking);
    } catch (error) {
      if (!(error instanceof PassingFault) || attempt === limits.attempts) throw error;
      if (error.retryAfterMs > limits.longestRetryAfterMs) {
        throw new SyncError(`${error.message}, and asks to be left alone for ${error.retryAfterMs / 1000} s`);
      }
      const jittered = random() * limits.firstWaitMs * 2 ** (attempt - 1);
      const pause = error.retryAfterMs + jittered;
      if (now() + pause >= deadline) throw error;
      await wait(pause);
    }
  }
}

/** The token goes along: it is sent to the origin that was configured, and to no other. */
async function followRedirects(start: URL, asking: Asking): Promise<UpstreamAnswer> {
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const answer = await attempt(url, asking);
    if (!("location" in answer)) return answer;
    const next = URL.parse(answer.location, url.href);
    const address = shownAddress(url.href);
    if (!next) throw new SyncError(`${address} redirects to nowhere`);
    if (next.origin !== start.origin) {
      throw new SyncError(`${address} redirects to ${next.origin}, which may not have the token`);
    }
    if (redirects === asking.limits.redirects) {
      throw new SyncError(`${address} redirects for more than ${redirects} times`);
    }
    url = next;
  }
}

/** One request, its body included. */
async function attempt(url: URL, asking: Asking): Promise<{ location: string } | UpstreamAnswer> {
  const { token, limits, fetch, now, deadline } = asking;
  const address = shownAddress(url.href);
  const milliseconds = Math.min(limits.attemptMs, deadline - now());
  if (milliseconds <= 0) throw new SyncError(`reading from ${address} took more than ${limits.runMs / 1000} s in all`);
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: "application/json",
    "User-Agent": "authentik-sources-edge",
  };
  try {
    const response = await fetch(url.href, {
      headers,
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(milliseconds),
    });
    const location = response.headers.get("Location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      return { location };
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw refusal(response, address, now());
    }
    return await readJson(response, limits.pageBytes, address);
  } catch (error) {
    if (error instanceof SyncError) throw error;
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new SyncError(`${address} did not answer in full within ${milliseconds / 1000} s`);
    }
    // Its own message is not told: who knows what a runtime puts into it.
    throw new PassingFault(`the connection to ${address} failed${codeOf(error)}`);
  }
}

async function readJson(response: Response, maxBytes: number, address: string): Promise<UpstreamAnswer> {
  const [type = "nothing"] =
    response.headers
      .get("Content-Type")
      ?.toLowerCase()
      .match(/^[-+.\w]+\/[-+.\w]+/) ?? [];
  if (!/^application\/(json|[-.\w]+\+json)$/.test(type)) {
    await response.body?.cancel();
    throw new SyncError(`${address} answered with ${type}, not with JSON: is authentik there?`);
  }
  const text = await readBody(response, maxBytes, address);
  try {
    return { json: JSON.parse(text), size: text.length };
  } catch {
    throw new SyncError(`${address} answered with something that is not JSON, though it says so`);
  }
}

/** What is to be done about a status, for the person who reads it. */
const remedies: Record<number, string> = {
  401: "the token is not one of authentik's API tokens, or has expired",
  403: "the token is no good, or its user may not view OAuth sources",
  404: "is it the address of an authentik?",
};

function refusal({ status, headers }: Response, address: string, now: number): SyncError {
  const remedy = remedies[status];
  const message = `${address} answered ${status}${remedy ? `: ${remedy}` : ""}`;
  const mayPass = status === 429 || status >= 500;
  return mayPass ? new PassingFault(message, retryAfter(headers.get("Retry-After"), now)) : new SyncError(message);
}

/** Seconds, or a date (RFC 9110, section 10.2.3); 0 for neither. */
function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^[0-9]{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

/** A code of the operating system, such as ECONNREFUSED, where the runtime gives one. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : "";
}
