import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Principal } from "./bearer-auth.ts";

/** What is known of a request by its end. */
export interface Counted {
  Variables: { storeRequests?: number; principal?: Principal };
}

export const countStoreRequest = (c: Context) => c.set("storeRequests", (c.get("storeRequests") ?? 0) + 1);

interface Line {
  /** Set where it is not the gateway that answers. */
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
}

/** Tokens that a client puts into a path by mistake, and digests, which stand in the origin's. */
const secrets = /ase_[0-9A-Za-z]+|[0-9a-f]{64}/g;

/** Logs a line of JSON: never the query, whose values are the client's, and never a token. */
export function logLine(line: Line): void {
  console.log(JSON.stringify({ ...line, path: line.path.replace(secrets, "…") }));
}

/** Logs a line for every request. */
export const requestLog = createMiddleware<Counted>(async function requestLog(c, next) {
  const start = Date.now();
  await next();
  logLine({
    method: c.req.method,
    path: c.req.path,
    status: c.res.status,
    cache: c.res.headers.get("Cache-Status") ?? undefined,
    store: c.get("storeRequests") ?? 0,
    ms: Date.now() - start,
    token: c.get("principal")?.id,
  });
});
