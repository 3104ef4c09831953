import { hc, type InferRequestType } from "hono/client";
import type { SourcesApp } from "./app.ts";

export interface SourcesClientOptions {
  /** A bearer token that may view sources. */
  token: string;
  /** Where requests go: a function, or a service binding as it is. @default the global fetch */
  fetch?: typeof fetch | { fetch: typeof fetch } | undefined;
}

/**
 * A client of the endpoint, typed by the app itself. Each of its functions gives a Response with a typed `json()`; whether
 * it is an answer or an error, `ok` tells.
 * @param baseUrl where the app is mounted, such as https://sources.example/api/v3
 */
export function createSourcesClient(baseUrl: string, options: SourcesClientOptions) {
  const { token, fetch: target = globalThis.fetch } = options;
  // A binding's fetch is a method: called without its binding it throws.
  const fetch: typeof globalThis.fetch = (input, init) =>
    "fetch" in target ? target.fetch(input, init) : target(input, init);
  const { oauth } = hc<SourcesApp>(baseUrl, {
    headers: { Authorization: `Bearer ${token}` },
    fetch: (input: string | URL | Request, init?: RequestInit) => fetch(withSlash(input), init),
  }).sources;

  return {
    /** One page of the list. */
    list: (query: InferRequestType<typeof oauth.index.$get>["query"] = {}) => oauth.index.$get({ query }),
    /** A source by its slug; 404 where there is none. */
    retrieve: (slug: string) => oauth[":slug"].index.$get({ param: { slug } }),
    /** The types that a source can have; with a name that one alone. */
    sourceTypes: (query: { name?: string } = {}) => oauth.source_types.index.$get({ query }),
  };
}

/** Hono's client drops the slash at the end of a path; without it every call would be redirected. */
function withSlash(input: string | URL | Request): URL {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
