import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "./errors.ts";

/** The methods of every route, as `Allow` lists them. */
export const allow = "GET, HEAD, OPTIONS";

/** Answers every method but GET and HEAD; stands after the route of these two. */
export function otherMethods(c: Context): Response {
  if (c.req.method !== "OPTIONS") throw methodNotAllowed(c.req.method, allow);
  return c.body(null, 204, { Allow: allow, "Cache-Control": "no-store" });
}

/**
 * Redirects a path without its slash to the one with it, the query as it came; 308 keeps the method. `Location` is relative: a
 * host may have cut a prefix off the path. Two things pass: a path that has its slash, under a host that is not strict about
 * it, and a 404, for which a host's `trimTrailingSlash()` would come back at once.
 */
export const appendSlash = createMiddleware(async function appendSlash(c, next) {
  const { pathname, search } = new URL(c.req.url);
  if (pathname.endsWith("/")) return next();
  const headers = new Headers(c.res.headers);
  await next();
  if (c.res.status === 404) return;
  // A colon would end the scheme of a URL.
  const segment = pathname.slice(pathname.lastIndexOf("/") + 1).replaceAll(":", "%3A");
  headers.set("Location", `${segment}/${search}`);
  headers.set("Cache-Control", "no-store");
  // Hono adds the headers of the response that was there before.
  c.res = undefined;
  c.res = new Response(null, { status: 308, headers });
});
