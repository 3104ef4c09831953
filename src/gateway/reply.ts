import type { TypedResponse } from "hono";
import type { Cached, CacheStatus } from "../cache/cache.ts";
import { ageOf, timeToLive } from "../cache/freshness.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { matchesEtag } from "../http/etag.ts";

/** What `Cache-Status` (RFC 9211) says of each, and its `detail`. */
const outcomes: Record<CacheStatus, [outcome: string, detail?: string]> = {
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

/** The value of `Cache-Status` for a response with so many seconds to live. */
export function cacheStatus({ status, freshness, collapsed, value }: Cached<StoredResponse>, ttl: number): string {
  const [outcome, detail] = outcomes[status];
  const parts = ["authentik-sources-edge", outcome];
  if (status === "miss" || status === "expired") {
    parts.push(`fwd-status=${value.status}`);
    if (collapsed || freshness) parts.push(collapsed ? "collapsed" : "stored");
  }
  if (freshness) parts.push(`ttl=${ttl}`);
  if (detail) parts.push(`detail=${detail}`);
  return parts.join("; ");
}

interface PreparedHeaders {
  age: number;
  ttl: number;
  /** By status. */
  headers: Partial<Record<number, Headers>>;
}

/** Of responses in memory: their headers change once a second, and they are asked for more often than that. */
const prepared = new WeakMap<Cached<StoredResponse>, PreparedHeaders>();

function headersOf(cached: Cached<StoredResponse>, status: number, now: number): Headers {
  const age = Math.floor(ageOf(cached, now));
  const ttl = Math.floor(timeToLive(cached, now));
  let known = prepared.get(cached);
  if (known?.age !== age || known.ttl !== ttl) {
    known = { age, ttl, headers: {} };
    prepared.set(cached, known);
  }
  const headers = known.headers[status] ?? makeHeaders(cached, status, known);
  known.headers[status] = headers;
  return headers;
}

function makeHeaders(cached: Cached<StoredResponse>, status: number, { age, ttl }: { age: number; ttl: number }) {
  const { headers } = cached.value;
  const isError = status >= 400;
  return new Headers({
    ...(status === 304 && headers.ETag !== undefined ? { ETag: headers.ETag } : headers),
    ...(!isError && {
      Age: String(age),
      Date: new Date(cached.generatedAt).toUTCString(),
      Vary: "Authorization",
    }),
    "Cache-Control": isError ? "no-store" : "private, no-cache",
    "Cache-Status": cacheStatus(cached, ttl),
    "X-Content-Type-Options": "nosniff",
  });
}

/**
 * A cached response as a client gets it; a 304 where the client has that very one. A client may keep it, but must ask again
 * before it uses it: `private`, since it was for the bearer of a token. Errors are never kept.
 */
export function reply<Body>(
  request: Request,
  cached: Cached<StoredResponse>,
  now: number,
): Response & TypedResponse<Body, 200, "json"> {
  const { status, headers, body } = cached.value;
  const isUnchanged = status === 200 && matchesEtag(headers.ETag, request);
  const response = isUnchanged
    ? new Response(null, { status: 304, headers: headersOf(cached, 304, now) })
    : new Response(body, { status, headers: headersOf(cached, status, now) });
  return response as Response & TypedResponse<Body, 200, "json">;
}
