import { invalidQuery, pathNotFound } from "./http/errors.ts";
import { isHttpUrl, normalUrl } from "./http/http-url.ts";
import { lastValues, parseQuery } from "./http/query.ts";
import { lookupBase, lookupPrefix } from "./lookup-base.ts";
import { canonicalQuery, type ListQuery, listQuerySchema } from "./sources/query.ts";
import { sourceTypesQuerySchema } from "./sources/source-types.ts";

/** What can be looked up in the store. `publicUrl` is where authentik is, without a slash at its end. */
interface Lookups {
  list: { query: ListQuery; publicUrl: string };
  source: { slug: string; publicUrl: string };
  types: { name?: string | undefined; publicUrl: string };
  /** The verdict on a bearer token. */
  token: { digest: string };
  ready: object;
}

export type Kind = keyof Lookups;

export type Lookup<K extends Kind = Kind> = { [P in K]: { kind: P } & Lookups[P] }[K];

/** The URL of each kind of lookup below `lookupBase`, written and read. */
type Urls = {
  [K in Kind]: {
    write: (lookup: Lookup<K>) => string;
    path: RegExp;
    /** @param part what the path's group has matched */
    read: (part: string, parameters: Record<string, string>) => Lookup<K>;
  };
};

const urls: Urls = {
  list: {
    write: ({ query, publicUrl }) => `/sources/oauth/?${withPublicUrl(canonicalQuery(query), publicUrl)}`,
    path: /^\/sources\/oauth\/()$/,
    read: (_, parameters) => {
      const publicUrl = readPublicUrl(parameters);
      return { kind: "list", query: parseQuery(listQuerySchema, parameters), publicUrl };
    },
  },
  source: {
    write: ({ slug, publicUrl }) => `/sources/oauth/${slug}/?${withPublicUrl("", publicUrl)}`,
    path: /^\/sources\/oauth\/(?!source_types\/)([-\w]{1,255})\/$/,
    read: (slug, parameters) => ({ kind: "source", slug, publicUrl: readPublicUrl(parameters) }),
  },
  types: {
    write: ({ name, publicUrl }) => {
      const query = String(new URLSearchParams(name === undefined ? {} : { name }));
      return `/sources/oauth/source_types/?${withPublicUrl(query, publicUrl)}`;
    },
    path: /^\/sources\/oauth\/source_types\/()$/,
    read: (_, parameters) => {
      const publicUrl = readPublicUrl(parameters);
      return { kind: "types", ...parseQuery(sourceTypesQuerySchema, parameters), publicUrl };
    },
  },
  token: {
    write: ({ digest }) => `/tokens/${digest}`,
    path: /^\/tokens\/([0-9a-f]{64})$/,
    read: (digest) => ({ kind: "token", digest }),
  },
  ready: { write: () => "/ready", path: /^\/ready()$/, read: () => ({ kind: "ready" }) },
};

/** The URL that stands for a lookup: its key in caches, and its address at the `Sources` entrypoint. */
export const keyOf = <K extends Kind>(lookup: Lookup<K>): string => lookupBase + urls[lookup.kind as K].write(lookup);

/**
 * The inverse of `keyOf`. Whoever binds to `Sources` may send any URL: all of it is checked again.
 * @throws ApiError 400 or 404
 */
export function readKey(url: string): Lookup {
  const { pathname, search } = new URL(url);
  const path = pathname.startsWith(lookupPrefix) ? pathname.slice(lookupPrefix.length) : "";
  for (const { path: pattern, read } of Object.values(urls)) {
    const [, part] = pattern.exec(path) ?? [];
    if (part !== undefined) return read(part, lastValues(search));
  }
  throw pathNotFound;
}

const withPublicUrl = (query: string, publicUrl: string) =>
  `${query && `${query}&`}public_url=${encodeURIComponent(publicUrl)}`;

/** Required: the host of a request is not in the key of Workers Cache, and Workers would share what is for one authentik. */
function readPublicUrl({ public_url: publicUrl }: Record<string, string>): string {
  if (publicUrl === undefined) throw invalidQuery({ public_url: ["This parameter is required."] });
  if (!isHttpUrl(publicUrl)) throw invalidQuery({ public_url: ["Enter a valid URL."] });
  return normalUrl(publicUrl);
}
