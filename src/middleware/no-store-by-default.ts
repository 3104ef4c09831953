import { createMiddleware } from "hono/factory";

/** Says of every response that says nothing itself that it must not be kept: without a word, caches keep by guess. */
export const noStoreByDefault = createMiddleware(async function noStoreByDefault(c, next) {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
});
