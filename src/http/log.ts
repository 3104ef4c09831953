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
}

/** Tokens that a client puts into a path by mistake, and digests, which stand in the paths of `Sources`. */
const secrets = /ase_[0-9A-Za-z]+|[0-9a-f]{64}/g;

/** Logs a line of JSON: never the query, whose values are the client's, and never a token. */
export function logLine(line: Line): void {
  console.log(JSON.stringify({ ...line, path: line.path.replace(secrets, "…") }));
}

/** Logs a line for every request. */
export const requestLog = createMiddleware<RequestVariables>(async function requestLog(c, next) {
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
