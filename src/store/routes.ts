import { isHttpUrl, normalUrl } from "../base/http-url.ts";
import type { Cached } from "../cache/cache.ts";
import type { Freshness } from "../cache/freshness.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import type { Database } from "../db/database.ts";
import { type ApiError, invalidPage, invalidQuery, pathNotFound } from "../http/errors.ts";
import { etagOf } from "../http/etag.ts";
import { lastValues, parseQuery } from "../http/query.ts";
import { listQuerySchema } from "../source/query.ts";
import { readIconImage, readIconIndex } from "./icons.ts";
import { keysFreshness, readIssuerKeys } from "./issuer-keys.ts";
import { pathOfKey } from "./key.ts";
import { readPage, readSource } from "./page.ts";
import { readReadiness } from "./ready.ts";
import { readSourceTypes, sourceTypesQuerySchema } from "./source-types.ts";
import { lookUpToken } from "./token.ts";

export interface StoreOptions {
  /**
   * Opens the store; throws Unavailable where it cannot.
   * @param isPrimary whether only the primary will do, and no replica that may be behind
   */
  database: (isPrimary: boolean) => Database;
  /** How long lists may be served. */
  freshness: Freshness;
  /** How long a good token stays good while the store is down, in seconds. */
  tokenGraceSeconds: number;
  /** Routes of the deployed Worker alone: the bundles of hosts go without. @default none */
  ownRoutes?: Route[];
  /** Milliseconds since 1970. */
  now: () => number;
}

/** A route's answer, with the time for which it may be kept; undefined where no cache may keep it. */
interface Answer {
  value: StoredResponse;
  freshness: Freshness | undefined;
}

export interface Route {
  /** Of a key, below its form version. Its group, where it has one, is the `part`. */
  path: RegExp;
  /** A revocation takes effect within 60 s, and a replica may be behind by any time. */
  isPrimary?: true;
  /** Set where a run of the sync may change the answer: what it is then marked with for `invalidate`. */
  tags?: string;
  read: (db: Database, part: string, query: Query, options: StoreOptions) => Promise<Answer>;
}

type Query = Record<string, string>;

/** Empty answers are easily asked for in any number: they are kept for less long. */
const emptyFreshness = ({ fresh, staleWhileRevalidate, staleIfError }: Freshness): Freshness => ({
  fresh: Math.min(fresh, 5),
  staleWhileRevalidate: Math.min(staleWhileRevalidate, 5),
  staleIfError: Math.min(staleIfError, 3_600),
});
/** A revocation takes effect within 60 s: five less, for the time on the way. */
const goodTokenSeconds = 55;
const badTokenFreshness: Freshness = { fresh: 10, staleWhileRevalidate: 0, staleIfError: 3_600 };
/** A week, as long as browsers may show an icon while the Worker fails. */
export const iconSeconds = 604_800;
const readyFreshness: Freshness = { fresh: 5, staleWhileRevalidate: 0, staleIfError: 0 };

/** The tags of responses for `Sources.invalidate()`: all that a run of the sync may change, and which icons there are. */
export const cacheTags = { all: "oauth-sources", icons: "oauth-icons" };

/** All that is read of the store on behalf of readers. Whoever binds to `Sources` may send any key: each is checked again. */
const routes: Route[] = [
  {
    path: /^\/sources\/oauth\/$/,
    tags: cacheTags.all,
    async read(db, _, query, { freshness }) {
      const publicUrl = readPublicUrl(query);
      const page = await readPage(db, parseQuery(listQuerySchema, query), publicUrl);
      if (!page) return { value: errorResponse(invalidPage), freshness: emptyFreshness(freshness) };
      const lastModified = page.changedAt > 0 ? { "Last-Modified": new Date(page.changedAt).toUTCString() } : {};
      return {
        value: await taggedResponse(page.body, lastModified),
        freshness: page.size === 0 ? emptyFreshness(freshness) : freshness,
      };
    },
  },
  {
    path: /^\/sources\/oauth\/source_types\/$/,
    tags: cacheTags.all,
    async read(db, _, query, { freshness }) {
      readPublicUrl(query);
      const { name } = parseQuery(sourceTypesQuerySchema, query);
      return { value: await taggedResponse(await readSourceTypes(db, name)), freshness };
    },
  },
  {
    path: /^\/sources\/oauth\/([-\w]{1,255})\/$/,
    tags: cacheTags.all,
    async read(db, slug, query, { freshness }) {
      const source = await readSource(db, slug, readPublicUrl(query));
      if (!source) return { value: errorResponse(pathNotFound), freshness: emptyFreshness(freshness) };
      return { value: await taggedResponse(source), freshness };
    },
  },
  {
    path: /^\/tokens\/([0-9a-f]{64})$/,
    isPrimary: true,
    async read(db, digest, _, { tokenGraceSeconds }) {
      const verdict = await lookUpToken(db, digest);
      const goodTokenFreshness = { fresh: goodTokenSeconds, staleWhileRevalidate: 0, staleIfError: tokenGraceSeconds };
      return { value: jsonResponse(verdict), freshness: verdict ? goodTokenFreshness : badTokenFreshness };
    },
  },
  {
    path: /^\/issuer_keys\/$/,
    isPrimary: true,
    tags: cacheTags.all,
    async read(db, _, { issuer = "" }) {
      return { value: jsonResponse(await readIssuerKeys(db, issuer)), freshness: keysFreshness };
    },
  },
  {
    path: /^\/icons\/$/,
    tags: `${cacheTags.all},${cacheTags.icons}`,
    async read(db, _, __, { freshness }) {
      return {
        value: await taggedResponse(await readIconIndex(db)),
        freshness: { ...freshness, staleIfError: iconSeconds },
      };
    },
  },
  {
    // What has a digest never changes.
    path: /^\/icons\/([0-9a-f]{64})$/,
    async read(db, digest) {
      const body = await readIconImage(db, digest);
      const freshness = { fresh: iconSeconds, staleWhileRevalidate: 0, staleIfError: iconSeconds };
      return { value: { status: 200, headers: { "Content-Type": "text/plain" }, body }, freshness };
    },
  },
  {
    path: /^\/ready$/,
    read: async (db) => ({ value: jsonResponse(await readReadiness(db)), freshness: readyFreshness }),
  },
];

/** An answer of the store, as caches keep it. */
export interface StoreAnswer extends Cached<StoredResponse> {
  /** See `Route`; none where a run of the sync does not change it. */
  tags: string | undefined;
}

/**
 * Reads what a key stands for. It knows neither the client nor the caches: no token or header reaches it, and what it gives says
 * how long it may be served.
 * @throws ApiError 400 or 404 for a key that is none, Unavailable
 */
export async function readStore(key: string, options: StoreOptions): Promise<StoreAnswer> {
  const url = new URL(key);
  const path = pathOfKey(url) ?? "";
  for (const { path: pattern, isPrimary = false, tags, read } of [...routes, ...(options.ownRoutes ?? [])]) {
    const match = pattern.exec(path);
    if (!match) continue;
    // Before the store is read: what changes meanwhile is younger than its age.
    const generatedAt = options.now();
    const answer = await read(options.database(isPrimary), match[1] ?? "", lastValues(url.search), options);
    return { ...answer, generatedAt, status: "bypass", tags };
  }
  throw pathNotFound;
}

function readPublicUrl({ public_url: publicUrl }: Query): string {
  if (publicUrl === undefined) throw invalidQuery({ public_url: ["This parameter is required."] });
  if (!isHttpUrl(publicUrl)) throw invalidQuery({ public_url: ["Enter a valid URL."] });
  return normalUrl(publicUrl);
}

const json = { "Content-Type": "application/json" };

export const jsonResponse = (value: unknown, status = 200): StoredResponse => ({
  status,
  headers: json,
  body: JSON.stringify(value),
});

const errorResponse = ({ status, body }: ApiError): StoredResponse => jsonResponse(body, status);

async function taggedResponse(body: string, headers: Record<string, string> = {}): Promise<StoredResponse> {
  return { status: 200, headers: { ...json, ETag: await etagOf(body), ...headers }, body };
}
