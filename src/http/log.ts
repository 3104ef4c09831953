import { createMiddleware } from "hono/factory";
import { notesOf } from "./context.ts";
import { helpLink } from "./help.ts";
import { shownPath } from "./shown-path.ts";

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

export interface HitLogOptions {
  /** The share of hits that are logged, from 0 to 1. */
  hits: number;
  /** From 0 to less than 1. @default Math.random */
  random?: () => number;
}

/** Logs a sample of the hits, which are many and all alike: with how many each line stands for, so that sums can be made. */
export function hitLog({ hits, random = Math.random }: HitLogOptions) {
  return (line: () => Line): void => {
    if (random() < hits) logLine({ ...line(), sample: hits < 1 ? 1 / hits : undefined });
  };
}

export interface RequestLogOptions extends HitLogOptions {
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** Logs a line for every request but hits, and of these a sample. */
export function requestLog({ now = Date.now, ...options }: RequestLogOptions) {
  const logHit = hitLog(options);
  return createMiddleware(async function requestLog(c, next) {
    const start = now();
    await next();
    const { storeRequests, principal } = notesOf(c);
    const line = () => ({
      ...lineOf(c.req.method, c.req.path, c.res),
      store: storeRequests,
      ms: now() - start,
      token: principal?.id,
    });
    if (isHit(c.res)) logHit(line);
    else logLine(line());
  });
}

/** What a request and its response say of themselves. */
export const lineOf = (method: string, path: string, { status, headers }: Response): Omit<Line, "store" | "ms"> => ({
  method,
  path,
  status,
  detail: headers.get("Link") === helpLink ? "not replicated" : undefined,
  cache: headers.get("Cache-Status") ?? undefined,
});

/** A 200 or a 304 for which nobody had to wait (`Cache-Status`, RFC 9211). An error is none, though a cache may keep it. */
const isHit = ({ status, headers }: Response) => status < 400 && / hit\b/.test(headers.get("Cache-Status") ?? "");
