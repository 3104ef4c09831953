import { createMiddleware } from "hono/factory";

/** Without Cache-Control, caches apply heuristic freshness; without nosniff, browsers guess at types. Both by default. */
export const noStoreByDefault = createMiddleware(async function noStoreByDefault(c, next) {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
  c.res.headers.set("X-Content-Type-Options", "nosniff");
});
