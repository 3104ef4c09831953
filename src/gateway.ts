import type { Context, TypedResponse } from "hono";
import { ageOf } from "./cache/answer.ts";
import type { Served, StageContext } from "./cache/stage.ts";
import { isKnown } from "./etag.ts";

/** Names this cache in `Cache-Status`. */
const cacheName = "authentik-sources-edge";

/** `waitUntil` of a request; nothing to wait for where a host gives no execution context. */
export function stageContext(c: Context): StageContext {
  return {
    waitUntil(work) {
      try {
        c.executionCtx.waitUntil(work);
      } catch {
        void work; // Hono throws where there is no context; the work goes on all the same.
      }
    },
  };
}

/**
 * An answer as a client gets it: a 304 where it has that very one. It may keep it, but must ask again before it uses it:
 * `private`, since it was for the bearer of a token. Errors are never kept.
 */
export function reply<Body>(
  c: Context,
  { answer, status }: Served,
  now: number,
): Response & TypedResponse<Body, 200, "json"> {
  const isGood = answer.status === 200;
  const { ETag } = answer.headers;
  const isUnchanged = isGood && ETag !== undefined && isKnown(ETag, c.req.header("If-None-Match"));
  const response = new Response(isUnchanged ? null : answer.body, {
    status: isUnchanged ? 304 : answer.status,
    headers: {
      ...(isUnchanged ? { ETag } : answer.headers),
      ...(isGood && {
        Age: String(Math.floor(ageOf(answer, now))),
        Date: new Date(answer.generatedAt).toUTCString(),
        Vary: "Authorization",
      }),
      "Cache-Control": isGood ? "private, no-cache" : "no-store",
      "X-Content-Type-Options": "nosniff",
      "Cache-Status": `${cacheName}; ${status}`,
    },
  });
  return response as Response & TypedResponse<Body, 200, "json">;
}
