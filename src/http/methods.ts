import type { Context } from "hono";
import { methodNotAllowed } from "./errors.ts";

/** The methods of every route, as `Allow` lists them. */
export const allow = "GET, HEAD, OPTIONS";

/** Answers every method but GET and HEAD; stands after the route of these two. */
export function otherMethods(c: Context): Response {
  if (c.req.method !== "OPTIONS") throw methodNotAllowed(c.req.method, allow);
  return c.body(null, 204, { Allow: allow, "Cache-Control": "no-store" });
}

/** Redirects to the same path with a slash and the query as it came; 308 keeps the method. */
export function appendSlash(c: Context): Response {
  const { pathname, search } = new URL(c.req.url);
  return c.body(null, 308, { Location: `${pathname}/${search}`, "Cache-Control": "no-store" });
}
