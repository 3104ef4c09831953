import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { notesOf } from "./context.ts";
import { describe, throttled } from "./errors.ts";

/** Counts a request under a key; gives whether it is within the limit. */
export type RateLimiter = (key: string, c: Context) => Promise<boolean>;

/** @throws ApiError 429 */
export async function countRequest(limiter: RateLimiter | undefined, key: string, c: Context): Promise<void> {
  if (limiter && !(await isWithin(limiter, key, c))) throw throttled;
}

/** A limiter that fails limits nothing: readers are worth more than a count. */
async function isWithin(limiter: RateLimiter, key: string, c: Context): Promise<boolean> {
  try {
    return await limiter(key, c);
  } catch (error) {
    console.error(`a rate limit was not asked: ${describe(error)}`);
    return true;
  }
}

/** Limits how often each token is used; stands behind `bearerAuth`. Without a limiter every request passes. */
export const limitByToken = (limiter: RateLimiter | undefined) =>
  createMiddleware(async function limitByToken(c, next) {
    await countRequest(limiter, notesOf(c).principal?.id ?? "", c);
    await next();
  });

/**
 * What a limit by address counts by: an IPv4 address, or the first 64 bits of an IPv6 address, since a subscriber has at
 * least so many addresses (RFC 6177). Cloudflare sets the header; a client cannot set it there.
 */
export function clientNetwork(c: Context): string {
  const address = c.req.header("CF-Connecting-IP") ?? "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - tail.split(":").length;
  const expanded = [...groups, ...Array<string>(Math.max(0, zeros)).fill("0"), ...(tail ?? "").split(":")];
  const network = expanded.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}
