import { setTimeout as sleep } from "node:timers/promises";
import { boundedFetch } from "../../src/base/bounded-fetch.ts";
import { isObject, shown, withoutSecrets } from "../authentik/refusal.ts";

export interface CloudflareOptions {
  /** The API's address. @default that of Cloudflare */
  base?: string | undefined;
  account: string;
  /** What says who asks. */
  headers: Record<string, string>;
  /** Every secret that is known: none of them is shown. */
  secrets: Set<string>;
  /** For one request without a body, in milliseconds. @default 30 s */
  deadlineMs?: number | undefined;
  /** Lets time pass before a request is sent again. @default setTimeout */
  wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
  /** Breaks a request off. */
  signal?: AbortSignal | undefined;
}

type Method = "GET" | "POST" | "DELETE";

/** Cloudflare's API for one account. */
export interface Cloudflare extends CloudflareOptions {
  /**
   * Sends a request to a path below the account's, and gives its `result`. One that changes nothing is sent again where that may
   * help; any other only where Cloudflare has done nothing, since it limits how often it may be asked.
   * @throws CloudflareError
   */
  call: (method: Method, path: string, body?: unknown, changesNothing?: boolean) => Promise<unknown>;
}

/** Why Cloudflare did not do it: a sentence for a person. */
export class CloudflareError extends Error {
  override name = "CloudflareError";
  /** Undefined where no answer came: it may have been done. */
  readonly status: number | undefined;
  /** Cloudflare's own codes. */
  readonly codes: number[];

  constructor(message: string, status?: number, codes: number[] = []) {
    super(message);
    this.status = status;
    this.codes = codes;
  }
}

/** Whether something may have been done, since no answer came. */
export function isUnanswered(error: unknown): error is CloudflareError {
  return error instanceof CloudflareError && error.status === undefined;
}

const cloudflareBase = "https://api.cloudflare.com/client/v4";
const maxBytes = 64 * 1024 * 1024;
const defaultDeadlineMs = 30_000;
/** A line may be slow: a second more for each 256 KB. */
const bytesPerMs = 256;
const attempts = 3;
const longestWaitMs = 30_000;

export const connectTo = (options: CloudflareOptions): Cloudflare => ({
  ...options,
  call: (method, path, body, changesNothing = method === "GET") =>
    send(options, method, `accounts/${options.account}/${path}`, body, changesNothing),
});

/** The accounts that a token reaches. */
export const listAccounts = (options: Omit<CloudflareOptions, "account">): Promise<unknown> =>
  send(options, "GET", "accounts?per_page=50", undefined, true);

async function send(
  options: Omit<CloudflareOptions, "account">,
  method: Method,
  path: string,
  body: unknown,
  changesNothing: boolean,
): Promise<unknown> {
  const { base = cloudflareBase, wait = sleep, signal } = options;
  for (let attempt = 1; ; attempt++) {
    const { result, error, waitMs } = await attemptOnce(options, method, new URL(`${base}/${path}`), body);
    if (!error) return result;
    const mayRetry = error.status === 429 || (changesNothing && (error.status === undefined || error.status >= 500));
    signal?.throwIfAborted();
    if (!mayRetry || attempt === attempts) throw error;
    await wait(waitMs ?? 1_000 * attempt);
  }
}

interface Attempt {
  result?: unknown;
  error?: CloudflareError;
  /** Milliseconds that Cloudflare asks to wait for. */
  waitMs?: number | undefined;
}

async function attemptOnce(
  { headers, secrets, deadlineMs = defaultDeadlineMs, signal }: Omit<CloudflareOptions, "account">,
  method: Method,
  url: URL,
  body: unknown,
): Promise<Attempt> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const asked = `${method} ${url.pathname.replace(/^.*?\/accounts(\/[^/]+)?/, "") || "/accounts"}`;
  const milliseconds = deadlineMs + Math.ceil((sent?.length ?? 0) / bytesPerMs);
  try {
    const { response, text } = await boundedFetch(
      url,
      {
        method,
        headers: { ...headers, ...(sent !== undefined && { "Content-Type": "application/json" }) },
        ...(sent !== undefined && { body: sent }),
      },
      {
        milliseconds,
        maxBytes,
        timeout: (ms) => AbortSignal.any([AbortSignal.timeout(ms), ...(signal ? [signal] : [])]),
      },
    );
    const json = parseJson(await text());
    if (response.ok && isObject(json) && json.success === true) return { result: json.result };
    const { status } = response;
    const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
    const waitMs = Number.isFinite(seconds) ? Math.min(seconds * 1_000, longestWaitMs) : undefined;
    return { error: refusal(asked, status, json, secrets), waitMs };
  } catch (error) {
    return { error: new CloudflareError(`Cloudflare gave no answer to ${asked}: ${reasonOf(error, milliseconds)}`) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is to be done about a status. */
const remedies: Record<number, string> = {
  401: "run `npx wrangler login`, or give CLOUDFLARE_API_TOKEN a token that is good",
  403: "the token must be allowed to edit Workers Scripts and D1: `npx wrangler login` gets one, or change CLOUDFLARE_API_TOKEN",
  429: "run the same command again in a few minutes",
};

function refusal(asked: string, status: number, json: unknown, secrets: Set<string>): CloudflareError {
  const errors = isObject(json) && Array.isArray(json.errors) ? json.errors.filter(isObject) : [];
  const words = shown(withoutSecrets(errors.map(({ message }) => String(message)).join("; "), secrets));
  const remedy = remedies[status] ?? (status >= 500 ? "Cloudflare is not well: run the same command again later" : "");
  const codes = errors.flatMap(({ code }) => (typeof code === "number" ? [code] : []));
  const detail = words === "" ? "" : ` (${words})`;
  return new CloudflareError(
    `Cloudflare answered ${status} to ${asked}${detail}${remedy && `: ${remedy}`}`,
    status,
    codes,
  );
}

/** In words of our own: who knows what a runtime puts into its. */
function reasonOf(error: unknown, milliseconds: number): string {
  if (!(error instanceof Error)) return "the connection failed";
  if (error.name === "TimeoutError") return `none came within ${Math.round(milliseconds / 1_000)} s`;
  if (error.cause) return reasonOf(error.cause, milliseconds);
  return "code" in error && typeof error.code === "string"
    ? `the connection failed (${error.code})`
    : "the connection failed";
}
