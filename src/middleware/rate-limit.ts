import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { throttled } from "../errors.ts";
import type { Authenticated } from "./bearer-auth.ts";

/** Whether one more request is within the limit that is kept for the key. */
export type RateLimiter = (key: string, c: Context) => Promise<boolean>;

/** @throws ApiError 429 */
export async function countRequest(limiter: RateLimiter | undefined, key: string, c: Context): Promise<void> {
  if (limiter && !(await limiter(key, c))) throw throttled();
}

/** Limits how often each token is used; stands behind `bearerAuth`. Without a limiter it lets everything pass. */
export const limitByToken = (limiter: RateLimiter | undefined) =>
  createMiddleware<Authenticated>(async function limitByToken(c, next) {
    await countRequest(limiter, c.get("principal").id, c);
    await next();
  });
