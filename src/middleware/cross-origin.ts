import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";

const secondsToKeepPreflight = 600;

/** Lets the pages of the given origins read (CORS); none given: off. A preflight carries no token, and is asked for none. */
export function crossOrigin(origins: string[]) {
  const allow = cors({
    origin: origins,
    allowMethods: ["GET", "HEAD", "OPTIONS"],
    allowHeaders: ["Authorization", "If-None-Match"],
    exposeHeaders: ["ETag", "Age", "Cache-Status", "Retry-After"],
    maxAge: secondsToKeepPreflight,
  });
  return createMiddleware(async function crossOrigin(c, next) {
    const isPlainOptions = c.req.method === "OPTIONS" && !c.req.header("Access-Control-Request-Method");
    if (origins.length === 0 || isPlainOptions) return next();
    return allow(c, next);
  });
}
