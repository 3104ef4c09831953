import { Unavailable } from "../base/unavailable.ts";
import type { Cached } from "../cache/cache.ts";
import { cachingHeaders, readCachedResponse, type StoredResponse } from "../cache/stored-response.ts";
import { methodNotAllowed, renderError } from "../http/errors.ts";
import { matchesEtag } from "../http/etag.ts";
import { readStore, type StoreOptions } from "./routes.ts";

/**
 * Serves the table of routes over HTTP, for Workers Cache to stand in front of: the URL is the key. Every response says how it may
 * be cached; a cache that revalidates the very body gets a 304 (RFC 9110, section 13.1.2).
 */
export async function serveStore(request: Request, options: StoreOptions): Promise<Response> {
  const { method, url } = request;
  try {
    if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
    const answer = await readStore(url, options);
    const { status, headers, body } = answer.value;
    const allHeaders = { ...headers, ...cachingHeaders(answer), ...(answer.tags && { "Cache-Tag": answer.tags }) };
    if (matchesEtag(headers.ETag, request)) return new Response(null, { status: 304, headers: allHeaders });
    return new Response(method === "HEAD" ? null : body, { status, headers: allHeaders });
  } catch (error) {
    return renderError(error);
  }
}

/**
 * Reads a key through `serveStore` and whatever stands in front of it.
 * @throws Unavailable, or Error for an answer that no key has
 */
export async function readServed(response: Response): Promise<Cached<StoredResponse>> {
  if (response.status === 200 || response.status === 404) return readCachedResponse(response);
  // It has logged its reason itself.
  const message = `Sources answered ${response.status}`;
  throw response.status === 503 ? new Unavailable(message) : new Error(message);
}
