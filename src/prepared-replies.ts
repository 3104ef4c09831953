import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Cached } from "./cache/cache.ts";
import { Lru } from "./cache/lru.ts";
import { outOfMemory } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import type { Principal, RequestVariables } from "./http/context.ts";
import { countRequest, type RateLimiter } from "./http/rate-limit.ts";
import { reply } from "./reply.ts";

/** Far below an isolate's 128 MB. A body counts once for each token and spelling that it was asked with. */
const bounds = { entries: 5_000, size: 8 * 1024 * 1024 };

interface Prepared {
  principal: Principal;
  cached: Cached<StoredResponse>;
  /** The earliest end of what allows it: the cached response, the token's verdict, the token. */
  until: number;
}

/**
 * Stands before authentication. Answers the very request that was answered a moment ago, known by its `Authorization` header and its whole URL, without
 * verifying, validating and looking up anew. An entry lives for as long as the memory cache gives the response (3 s at most) and
 * the principal holds, so every bound of either is kept. Only 200s are prepared. A limit by token is asked each time.
 */
export function preparedReplies({ limiter, now }: { limiter: RateLimiter | undefined; now: () => number }) {
  const prepared = new Lru<Prepared>(bounds);
  const keyOf = (c: Context) => `${c.req.header("Authorization")}\n${c.req.raw.url}`;

  return createMiddleware<RequestVariables & { Variables: { answered?: Cached<StoredResponse> } }>(
    async function preparedReplies(c, next) {
      if (c.req.method !== "GET" && c.req.method !== "HEAD") return next();
      const key = keyOf(c);
      const start = now();
      const found = prepared.get(key);
      if (found && start < found.until) {
        c.set("principal", found.principal);
        await countRequest(limiter, found.principal.id, c);
        return reply(c, found.cached, now());
      }
      await next();
      const { principal, answered } = c.var;
      if (!principal?.validForSeconds || !answered?.reusableUntil || answered.value.status !== 200) return;
      // The principal holds from when it was verified, before the response was loaded, however long that took.
      const until = Math.min(answered.reusableUntil, start + Math.floor(principal.validForSeconds * 1000));
      // No token stays in memory for longer than it is of use.
      prepared.prune((entry) => entry.until <= now());
      prepared.set(key, { principal, cached: outOfMemory(answered), until }, key.length + answered.value.body.length);
    },
  );
}
