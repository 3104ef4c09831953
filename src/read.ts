import type { Cached } from "./cache/cache.ts";
import type { Freshness } from "./cache/freshness.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import type { Database } from "./db/database.ts";
import { type ApiError, invalidPage, pathNotFound } from "./http/errors.ts";
import { etagOf } from "./http/etag.ts";
import type { Kind, Lookup } from "./lookup.ts";
import { readPage, readSource } from "./sources/page.ts";
import { readSourceTypes } from "./sources/source-types.ts";
import { lastGoodRun, type Trigger } from "./sync/runs.ts";
import { lookUpToken, type Verdict } from "./tokens/lookup.ts";

/** What a lookup gives. */
export interface Results {
  list: StoredResponse;
  source: StoredResponse;
  types: StoredResponse;
  token: Verdict;
  /**
   * @property syncedAt when the last good run of the sync began; null: there was none
   * @property trigger what started it; results of older versions, in caches, do not say it
   * @property warnings how many it had; the same
   */
  ready: { syncedAt: number | null; trigger?: Trigger | undefined; warnings?: number | undefined };
}

export interface ReadOptions {
  /** Opens the store for a kind of lookup; throws Unavailable where it cannot. */
  database: (kind: Kind) => Database;
  /** How long lists may be served. */
  freshness: Freshness;
  /** How long a good token stays good while the store is down, in seconds. */
  tokenGraceSeconds: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Responses with nothing in them are easily asked for in any number: they are kept for less long. */
const emptyFreshness = ({ fresh, staleWhileRevalidate, staleIfError }: Freshness): Freshness => ({
  fresh: Math.min(fresh, 5),
  staleWhileRevalidate: Math.min(staleWhileRevalidate, 5),
  staleIfError: Math.min(staleIfError, 3_600),
});
/** A revocation takes effect within 60 s: five less, for the time on the way. */
const goodTokenSeconds = 55;
const badTokenFreshness: Freshness = { fresh: 10, staleWhileRevalidate: 0, staleIfError: 3_600 };
const readyFreshness: Freshness = { fresh: 5, staleWhileRevalidate: 0, staleIfError: 0 };

type Reading<T> = Pick<Cached<T>, "value"> & { freshness: Freshness };

const readers: {
  [K in Kind]: (lookup: Lookup<K>, db: Database, options: ReadOptions) => Promise<Reading<Results[K]>>;
} = {
  async list({ query, publicUrl }, db, { freshness }) {
    const page = await readPage(db, query, publicUrl);
    if (!page) return { value: errorResponse(invalidPage), freshness: emptyFreshness(freshness) };
    const lastModified = page.changedAt > 0 ? { "Last-Modified": new Date(page.changedAt).toUTCString() } : {};
    return {
      value: await jsonResponse(page.body, lastModified),
      freshness: page.size === 0 ? emptyFreshness(freshness) : freshness,
    };
  },
  async source({ slug, publicUrl }, db, { freshness }) {
    const source = await readSource(db, slug, publicUrl);
    if (!source) return { value: errorResponse(pathNotFound), freshness: emptyFreshness(freshness) };
    return { value: await jsonResponse(source), freshness };
  },
  async types({ name }, db, { freshness }) {
    return { value: await jsonResponse(await readSourceTypes(db, name)), freshness };
  },
  async token({ digest }, db, { tokenGraceSeconds }) {
    const value = await lookUpToken(db, digest);
    const goodTokenFreshness = { fresh: goodTokenSeconds, staleWhileRevalidate: 0, staleIfError: tokenGraceSeconds };
    return { value, freshness: value ? goodTokenFreshness : badTokenFreshness };
  },
  async ready(_, db) {
    const run = await lastGoodRun(db);
    const { startedAt = null, trigger, warnings } = run ?? {};
    return { value: { syncedAt: startedAt, trigger, warnings }, freshness: readyFreshness };
  },
};

/**
 * Reads the store. It knows neither the client nor the caches: no token or header reaches it, and what it gives says how long
 * it may be served.
 * @throws Unavailable
 */
export async function read<K extends Kind>(lookup: Lookup<K>, options: ReadOptions): Promise<Cached<Results[K]>> {
  const generatedAt = options.now();
  const reading = await readers[lookup.kind as K](lookup, options.database(lookup.kind), options);
  return { ...reading, generatedAt, source: "bypass" };
}

const json = { "Content-Type": "application/json" };

async function jsonResponse(body: string, headers: Record<string, string> = {}): Promise<StoredResponse> {
  return { status: 200, headers: { ...json, ETag: await etagOf(body), ...headers }, body };
}

const errorResponse = ({ status, body }: ApiError): StoredResponse => ({
  status,
  headers: json,
  body: JSON.stringify(body),
});
