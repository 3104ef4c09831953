import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";

const preflightSeconds = 600;

/** Lets pages of the given origins read (CORS); off where there are none. A preflight carries no token and needs none. */
export function crossOrigin(origins: string[]) {
  const allowOrigins = cors({
    origin: origins,
    allowMethods: ["GET", "HEAD", "OPTIONS"],
    allowHeaders: ["Authorization", "If-None-Match"],
    exposeHeaders: ["ETag", "Age", "Cache-Status", "Retry-After"],
    maxAge: preflightSeconds,
  });
  return createMiddleware(async function crossOrigin(c, next) {
    const isPlainOptions = c.req.method === "OPTIONS" && !c.req.header("Access-Control-Request-Method");
    if (origins.length === 0 || isPlainOptions) return next();
    return allowOrigins(c, next);
  });
}
