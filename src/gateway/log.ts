import { createMiddleware } from "hono/factory";
import { notesOf } from "../http/context.ts";
import { helpLink } from "../http/help.ts";
import { shownPath } from "../http/shown-path.ts";

interface Line {
  /** Set for an entrypoint other than the gateway. */
  entrypoint?: string;
  method: string;
  path: string;
  status: number;
  /** Set where the request is for authentik: an unknown path, or a method that only reads do without. */
  detail?: "not replicated" | undefined;
  /** The parameters of `Cache-Status`. */
  cache?: string | undefined;
  /** Requests to the store that this one has caused and waited for. */
  store: number;
  ms: number;
  /** The token's id. */
  token?: string | undefined;
  /** How many requests the line stands for. @default 1 */
  sample?: number | undefined;
}

/** Logs a line of JSON: never the query, whose values are the client's, and never a token. */
export function logLine(line: Line): void {
  console.log(JSON.stringify({ ...line, path: shownPath(line.path) }));
}

export interface RequestLogOptions {
  /** The share of hits that are logged, from 0 to 1. */
  hits: number;
  /** From 0 to less than 1. @default Math.random */
  random?: () => number;
}

/** What a request and its response do not say of themselves. */
type Facts = Pick<Line, "store" | "ms" | "token">;

export type LogRequest = (method: string, path: string, response: Response, facts: Facts) => void;

/**
 * Logs a line for every request but hits, which are many and all alike: of these a sample, with how many each line stands for, so
 * that sums can be made.
 */
export function requestLog({ hits, random = Math.random }: RequestLogOptions): LogRequest {
  return (method, path, response, facts) => {
    const isSampled = isHit(response);
    if (isSampled && random() >= hits) return;
    const { status, headers } = response;
    const detail = headers.get("Link") === helpLink ? "not replicated" : undefined;
    const cache = headers.get("Cache-Status") ?? undefined;
    logLine({ method, path, status, detail, cache, ...facts, sample: isSampled && hits < 1 ? 1 / hits : undefined });
  };
}

/**
 * Logs each request of an app.
 * @param now milliseconds since 1970
 */
export const logRequests = (log: LogRequest, now: () => number = Date.now) =>
  createMiddleware(async function logRequests(c, next) {
    const start = now();
    await next();
    const { storeRequests, principal } = notesOf(c);
    log(c.req.method, c.req.path, c.res, { store: storeRequests, ms: now() - start, token: principal?.id });
  });

/** A 200 or a 304 for which nobody had to wait (`Cache-Status`, RFC 9211). An error is none, though a cache may keep it. */
const isHit = ({ status, headers }: Response) => status < 400 && / hit\b/.test(headers.get("Cache-Status") ?? "");
