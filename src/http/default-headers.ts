import { createMiddleware } from "hono/factory";
import { helpLink } from "./help.ts";

/** Without Cache-Control, caches apply heuristic freshness; without nosniff, browsers guess at types; a 405 needs help. */
export const defaultHeaders = createMiddleware(async function defaultHeaders(c, next) {
  await next();
  const { headers, status } = c.res;
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  if (status === 405) headers.set("Link", helpLink);
});
