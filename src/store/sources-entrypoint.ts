import * as z from "zod/mini";
import { Unavailable } from "../base/unavailable.ts";
import type { Cached } from "../cache/cache.ts";
import { cachingHeaders, readCachingHeaders, readResponse, type StoredResponse } from "../cache/stored-response.ts";
import { platformSourceReader } from "../cache/workers-cache.ts";
import { syncRuns } from "../db/schema.ts";
import { renderError } from "../http/errors.ts";
import { matchesEtag } from "../http/etag.ts";
import { type Kind, keyOf, type Lookup, readKey } from "./key.ts";
import { type ReadOptions, type Results, read } from "./routes.ts";
import { verdictSchema } from "./token.ts";

/** Marks every response that changes with the list, for `Sources.invalidate()`. */
export const cacheTag = "oauth-sources";

/** How the result of each kind of lookup travels. */
interface Codec<T> {
  encode: (value: T) => StoredResponse;
  decode: (response: Response) => Promise<T>;
  /** Whether it changes with the list. */
  isTagged: boolean;
}

const asItIs: Codec<StoredResponse> = { encode: (response) => response, decode: readResponse, isTagged: true };

const asJson = <T>(schema: z.ZodMiniType<T>): Codec<T> => ({
  encode: (value) => ({
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  }),
  decode: async (response) => schema.parse(await response.json()),
  isTagged: false,
});

const readySchema = z.object({
  syncedAt: z.nullable(z.number()),
  trigger: z.optional(z.enum(syncRuns.trigger.enumValues)),
});

const codecs: { [K in Kind]: Codec<Results[K]> } = {
  list: asItIs,
  source: asItIs,
  types: asItIs,
  token: asJson(verdictSchema),
  ready: asJson(readySchema),
};

/**
 * `read` over HTTP, as the `Sources` entrypoint serves it: the URL is the key of a lookup. Every response says how it may be
 * cached; a cache that has the very body, and asks whether it is still right, gets a 304 (RFC 9110, section 13.1.2).
 */
export async function serveLookup(request: Request, options: ReadOptions): Promise<Response> {
  try {
    return await respond(readKey(request.url), request, options);
  } catch (error) {
    return renderError(error);
  }
}

async function respond<K extends Kind>(lookup: Lookup<K>, request: Request, options: ReadOptions): Promise<Response> {
  const { encode, isTagged } = codecs[lookup.kind as K];
  const result = await read(lookup, options);
  const { status, headers, body } = encode(result.value);
  const allHeaders = { ...headers, ...cachingHeaders(result), ...(isTagged && { "Cache-Tag": cacheTag }) };
  return matchesEtag(headers.ETag, request)
    ? new Response(null, { status: 304, headers: allHeaders })
    : new Response(body, { status, headers: allHeaders });
}

/**
 * `read` through the `Sources` entrypoint, with the platform's cache in front of it. The entrypoint gets a request of our own:
 * nothing of the client's, and its token least of all, goes along.
 */
export function readThroughPlatform(
  fetchSources: (request: Request) => Promise<Response>,
  logError?: (message: string) => void,
) {
  const sourceOf = platformSourceReader(logError);
  return async <K extends Kind>(lookup: Lookup<K>): Promise<Cached<Results[K]>> => {
    const response = await fetchSources(new Request(keyOf(lookup)));
    if (response.status !== 200 && response.status !== 404) throw failure(response.status);
    const value = await codecs[lookup.kind as K].decode(response);
    return { value, ...readCachingHeaders(response.headers), source: sourceOf(response) };
  };
}

/** It has logged its reason itself. */
const failure = (status: number) =>
  status === 503 ? new Unavailable("Sources answered 503") : new Error(`Sources answered ${status}`);
