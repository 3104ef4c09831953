import type { Context, TypedResponse } from "hono";
import type { Cached, CacheSource } from "./cache/cache.ts";
import { ageOf, timeToLive } from "./cache/freshness.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { matchesEtag } from "./http/etag.ts";

/** What `Cache-Status` (RFC 9211) says of each source, and its `detail`. */
const outcomes: Record<CacheSource, [outcome: string, detail?: string]> = {
  bypass: ["fwd=bypass"],
  miss: ["fwd=uri-miss"],
  expired: ["fwd=stale"],
  revalidated: ["fwd=stale; fwd-status=304"],
  fresh: ["hit"],
  memory: ["hit", "memory"],
  "stale-while-revalidate": ["hit", "stale-while-revalidate"],
  "stale-if-error": ["hit", "stale-if-error"],
  "stale-after-error": ["fwd=stale", "stale-if-error"],
};

function cacheStatus(cached: Cached<StoredResponse>, now: number): string {
  const { source, freshness, collapsed, value } = cached;
  const [outcome, detail] = outcomes[source];
  const parts = ["authentik-sources-edge", outcome];
  if (source === "miss" || source === "expired") {
    parts.push(`fwd-status=${value.status}`);
    if (collapsed || freshness) parts.push(collapsed ? "collapsed" : "stored");
  }
  if (freshness) parts.push(`ttl=${Math.floor(timeToLive(cached, now))}`);
  if (detail) parts.push(`detail=${detail}`);
  return parts.join("; ");
}

/**
 * A cached response as a client gets it; a 304 where the client has that very one. A client may keep it, but must ask again
 * before it uses it: `private`, since it was for the bearer of a token. Errors are never kept.
 */
export function reply<Body>(
  c: Context,
  cached: Cached<StoredResponse>,
  now: number,
): Response & TypedResponse<Body, 200, "json"> {
  const { status, headers, body } = cached.value;
  const isOk = status === 200;
  const { ETag } = headers;
  const isUnchanged = isOk && ETag !== undefined && matchesEtag(ETag, c.req.header("If-None-Match"));
  const response = new Response(isUnchanged ? null : body, {
    status: isUnchanged ? 304 : status,
    headers: {
      ...(isUnchanged ? { ETag } : headers),
      ...(isOk && {
        Age: String(Math.floor(ageOf(cached, now))),
        Date: new Date(cached.generatedAt).toUTCString(),
        Vary: "Authorization",
      }),
      "Cache-Control": isOk ? "private, no-cache" : "no-store",
      "Cache-Status": cacheStatus(cached, now),
      "X-Content-Type-Options": "nosniff",
    },
  });
  return response as Response & TypedResponse<Body, 200, "json">;
}
