import { createMiddleware } from "hono/factory";

/** Without Cache-Control, caches apply heuristic freshness; without nosniff, browsers guess at types. */
export const defaultHeaders = createMiddleware(async function defaultHeaders(c, next) {
  await next();
  const { headers } = c.res;
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
});
