import { hc, type InferRequestType } from "hono/client";
import type { SourcesApp } from "./app.ts";
import { normalUrl } from "./http/http-url.ts";
import { lookupBase } from "./lookup-base.ts";

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
  const headers = { Authorization: `Bearer ${token}` };
  // A binding's fetch is a method: called without its binding it throws.
  return clientOf(baseUrl, headers, (url, init) => ("fetch" in target ? target.fetch(url, init) : target(url, init)));
}

export interface TrustedSourcesClientOptions {
  /** The public URL of authentik, on which callback URLs are built: as the Worker has it in AUTHENTIK_URL. */
  authentikUrl: string;
}

/**
 * The same client over a service binding to the Worker's entrypoint `Sources`, which asks for no token. It sends `fetch` and
 * calls no RPC method, since Workers Cache keeps the answers of `fetch` alone. The host's version of the package should be the
 * Worker's: where a result has changed its form between them, every answer is a 404.
 * @example
 * const response = await createTrustedSourcesClient(env.SOURCES, { authentikUrl: "https://authentik.example" }).list();
 */
export function createTrustedSourcesClient(
  binding: { fetch: typeof fetch },
  { authentikUrl }: TrustedSourcesClientOptions,
): SourcesClient {
  return clientOf(lookupBase, {}, (url, init) => {
    // In the order in which the gateway writes it: the same question in another order is another entry of the cache.
    url.searchParams.sort();
    url.searchParams.append("public_url", normalUrl(authentikUrl));
    return binding.fetch(url, init);
  });
}

export type SourcesClient = ReturnType<typeof clientOf>;

function clientOf(
  baseUrl: string,
  headers: Record<string, string>,
  fetch: (url: URL, init: RequestInit | undefined) => Promise<Response>,
) {
  const { oauth } = hc<SourcesApp>(baseUrl, {
    headers,
    fetch: (input: string | URL | Request, init?: RequestInit) => fetch(withSlash(input), init),
  }).sources;

  return {
    /** One page of the list. */
    list: (query: InferRequestType<typeof oauth.index.$get>["query"] = {}) => oauth.index.$get({ query }),
    /**
     * A source by its slug; 404 where there is none.
     * @throws TypeError for what is no slug: it would lead to another path, and the token along
     */
    async retrieve(slug: string) {
      if (!isSlug(slug)) throw new TypeError("retrieve takes a slug: letters, digits, - and _");
      return oauth[":authentikSourceSlug"].index.$get({ param: { authentikSourceSlug: slug } });
    },
    /** The types that a source can have; with a name that one alone. */
    sourceTypes: (query: { name?: string } = {}) => oauth.source_types.index.$get({ query }),
  };
}

/** `source_types` would be the list of types. */
const isSlug = (text: unknown) => typeof text === "string" && /^[-\w]+$/.test(text) && text !== "source_types";

/** Hono's client drops the slash at the end of a path; without it every call would be redirected. */
function withSlash(input: string | URL | Request): URL {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
