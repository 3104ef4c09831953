import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { RequestVariables } from "./context.ts";

interface Line {
  /** Set for an entrypoint other than the gateway. */
  entrypoint?: string;
  method: string;
  path: string;
  status: number;
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

/** Tokens and the secret of a webhook, which a client puts into a path by mistake, and digests, which stand in the paths of `Sources`. */
const secrets = /ase_[0-9A-Za-z]+|[0-9a-f]{64}|(?<=^\/hooks\/authentik).+/g;

/** Logs a line of JSON: never the query, whose values are the client's, and never a token. */
export function logLine(line: Line): void {
  console.log(JSON.stringify({ ...line, path: line.path.replace(secrets, "…") }));
}

export interface RequestLogOptions {
  /** The share of hits that are logged, from 0 to 1. */
  hits: number;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** From 0 to less than 1. @default Math.random */
  random?: () => number;
}

/**
 * Logs a line for every request but hits, which are many and all alike: of these a sample, with how many each line stands for,
 * so that sums can be made.
 */
export function requestLog({ hits, now = Date.now, random = Math.random }: RequestLogOptions) {
  return createMiddleware<RequestVariables>(async function requestLog(c, next) {
    const start = now();
    await next();
    const isSampled = isHit(c);
    if (isSampled && random() >= hits) return;
    logLine({
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      cache: c.res.headers.get("Cache-Status") ?? undefined,
      store: c.get("storeRequests") ?? 0,
      ms: now() - start,
      token: c.get("principal")?.id,
      sample: isSampled && hits < 1 ? 1 / hits : undefined,
    });
  });
}

/** A 200 or a 304 for which nobody had to wait (`Cache-Status`, RFC 9211). An error is none, though a cache may keep it. */
const isHit = ({ res }: Context) => res.status < 400 && / hit\b/.test(res.headers.get("Cache-Status") ?? "");
