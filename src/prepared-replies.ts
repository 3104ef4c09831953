import type { MiddlewareHandler } from "hono";
import type { Cached } from "./cache/cache.ts";
import { isFromPast } from "./cache/freshness.ts";
import { Lru } from "./cache/lru.ts";
import { outOfMemory } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { notesOf, type Principal } from "./http/context.ts";
import { countRequest, type RateLimiter } from "./http/rate-limit.ts";
import { reply } from "./reply.ts";

/** Far below an isolate's 128 MB. A body counts once for each token and spelling that it was asked with. */
const bounds = { entries: 5_000, size: 8 * 1024 * 1024 };

export interface PreparedRepliesOptions {
  /** The limit by token. */
  limiter?: RateLimiter | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
}

interface Prepared {
  principal: Principal;
  cached: Cached<StoredResponse>;
  /** The earliest end of what allows it: the cached response, the token's verdict, the token. */
  until: number;
}

export interface PreparedReplies {
  /**
   * Stands before routing and its middlewares, which cost more than the reply: what they do besides is the caller's to do.
   * Undefined where they are needed: for `HEAD`, where a limit must be asked, and where nothing is prepared.
   */
  find: (request: Request) => { response: Response; principal: Principal } | undefined;
  /** Stands before authentication, and prepares what the first time goes its whole way. */
  middleware: MiddlewareHandler;
}

const keyOf = ({ headers, url }: Request) => `${headers.get("Authorization")}\n${url}`;

/**
 * Answers the very request that was answered a moment ago, known by its `Authorization` header and its whole URL, without
 * verifying, validating and looking up anew. An entry lives for as long as the memory cache gives the response (3 s at most) and
 * the principal holds, so every bound of either is kept. Only 200s are prepared. A limit by token is asked each time.
 */
export function preparedReplies({ limiter, now }: PreparedRepliesOptions): PreparedReplies {
  const prepared = new Lru<Prepared>(bounds);

  function find(key: string): Prepared | undefined {
    const found = prepared.get(key);
    return found && now() < found.until && isFromPast(found.cached, now()) ? found : undefined;
  }

  function keep(key: string, start: number, { principal, answered }: ReturnType<typeof notesOf>): void {
    if (!principal?.validForSeconds || !answered?.reusableUntil || answered.value.status !== 200) return;
    // The principal holds from when it was verified, before the response was loaded, however long that took.
    const until = Math.min(answered.reusableUntil, start + Math.floor(principal.validForSeconds * 1000));
    // No token stays in memory for longer than it is of use.
    prepared.prune((entry) => entry.until <= now());
    prepared.set(key, { principal, cached: outOfMemory(answered), until }, key.length + answered.value.body.length);
  }

  return {
    find(request) {
      const found = limiter || request.method !== "GET" ? undefined : find(keyOf(request));
      return found && { response: reply(request, found.cached, now()), principal: found.principal };
    },
    async middleware(c, next) {
      if (c.req.method !== "GET" && c.req.method !== "HEAD") return next();
      const key = keyOf(c.req.raw);
      const start = now();
      const found = find(key);
      if (found) {
        notesOf(c).principal = found.principal;
        await countRequest(limiter, found.principal.id, c);
        return reply(c.req.raw, found.cached, now());
      }
      await next();
      keep(key, start, notesOf(c));
    },
  };
}
