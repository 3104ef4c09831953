import { type Context, Hono } from "hono";
import { type Answer, generatedAtHeader, readAnswer } from "./cache/answer.ts";
import { cacheControl, type Freshness } from "./cache/freshness.ts";
import { ask, type Database } from "./db/database.ts";
import { apiTokens, listState, oauthSources, sourceTypes } from "./db/schema.ts";
import { invalidPage, invalidQuery, pathNotFound, renderError } from "./errors.ts";
import { etagOf, isKnown } from "./etag.ts";
import { isHttpUrl } from "./is-http-url.ts";
import { validateQuery } from "./middleware/validate-query.ts";
import { findSource } from "./oauth-sources/find.ts";
import { listQuerySchema } from "./oauth-sources/list-query.ts";
import { listSources } from "./oauth-sources/list-sources.ts";
import { serialize } from "./oauth-sources/serialize.ts";
import { listSourceTypes, sourceTypesQuerySchema } from "./oauth-sources/source-type.ts";
import { selectLastGoodStart } from "./sync/good-runs.ts";
import { findToken } from "./tokens/find.ts";

/** What the origin works with; never anything of a client. */
export interface OriginBindings {
  /** Opens the store; it throws a StoreError where it cannot. */
  database: () => Database;
  /** How long its lists may be served. */
  freshness: Freshness;
  /** How long a good token stays good while the store is down, in seconds. */
  tokenGraceSeconds: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Goes up whenever an answer changes its form: old copies are then found no more. */
const schemaVersion = 1;

/** No host of the world: what a cache keeps under it, no zone's traffic can read or plant. */
const base = `https://sources.internal/v${schemaVersion}`;
const publicUrlParameter = "public_url";

/** Marks every answer that changes with the list. */
export const cacheTag = "oauth-sources";

/** An answer with nothing in it is easily asked for in any number: it is kept for less long. */
const emptyFreshness = ({ fresh, staleWhileRevalidate, staleIfError }: Freshness): Freshness => ({
  fresh: Math.min(fresh, 5),
  staleWhileRevalidate: Math.min(staleWhileRevalidate, 5),
  staleIfError: Math.min(staleIfError, 3_600),
});
/** A revocation counts within 60 s: five less, for the time on the way. */
const goodTokenFreshSeconds = 55;
const badTokenFreshness: Freshness = { fresh: 10, staleWhileRevalidate: 0, staleIfError: 3_600 };
const readyFreshness: Freshness = { fresh: 5, staleWhileRevalidate: 0, staleIfError: 0 };

/** The questions that the origin answers, each as the one URL that stands for it: the key of the caches. */
export const questions = {
  /**
   * @param query in its one spelling
   * @param publicUrl where authentik is, without a slash at its end: callback URLs depend on it
   */
  list: (query: string, publicUrl: string) =>
    `${base}/sources/oauth/?${query}${query && "&"}${publicUrlParameter}=${encodeURIComponent(publicUrl)}`,
  /** @param slug of the form that a slug has */
  source: (slug: string, publicUrl: string) =>
    `${base}/sources/oauth/${slug}/?${publicUrlParameter}=${encodeURIComponent(publicUrl)}`,
  sourceTypes: (name: string | undefined) =>
    `${base}/sources/oauth/source_types/?${new URLSearchParams(name === undefined ? {} : { name })}`,
  token: (digest: string) => `${base}/tokens/${digest}`,
  ready: `${base}/ready`,
};

/**
 * Reads the store. It trusts its caller, and so does whoever binds to it: no token is asked for. It sets standard headers
 * and does not know what stands in front of it.
 */
export const origin = new Hono<{ Bindings: OriginBindings }>()
  .basePath(new URL(base).pathname)
  .onError(renderError)
  .notFound(() => {
    throw pathNotFound();
  })
  .get("/sources/oauth/", validateQuery(listQuerySchema), async (c) => {
    const generatedAt = c.env.now();
    const { freshness, database } = c.env;
    const found = await listSources(database(), c.req.valid("query"), publicUrl(c));
    if (!found) return c.json(invalidPage().body, 404, listHeaders(generatedAt, emptyFreshness(freshness)));
    const { page, changedAt } = found;
    return send(c, page, {
      ...listHeaders(generatedAt, page.results.length === 0 ? emptyFreshness(freshness) : freshness),
      ...(changedAt > 0 && { "Last-Modified": new Date(changedAt).toUTCString() }),
    });
  })
  .get("/sources/oauth/source_types/", validateQuery(sourceTypesQuerySchema), async (c) => {
    const generatedAt = c.env.now();
    const types = await listSourceTypes(c.env.database(), c.req.valid("query").name);
    return send(c, types, listHeaders(generatedAt, c.env.freshness));
  })
  .get("/sources/oauth/:slug/", async (c) => {
    const generatedAt = c.env.now();
    const url = publicUrl(c);
    const row = await findSource(c.env.database(), c.req.param("slug"));
    if (!row) return c.json(pathNotFound().body, 404, listHeaders(generatedAt, emptyFreshness(c.env.freshness)));
    return send(c, serialize(row, url), listHeaders(generatedAt, c.env.freshness));
  })
  .get("/tokens/:digest", async (c) => {
    const generatedAt = c.env.now();
    const token = await findToken(c.env.database(), c.req.param("digest"));
    const goodTokenFreshness = {
      fresh: goodTokenFreshSeconds,
      staleWhileRevalidate: 0,
      staleIfError: c.env.tokenGraceSeconds,
    };
    return c.json(token, 200, cacheHeaders(generatedAt, token ? goodTokenFreshness : badTokenFreshness));
  })
  .get("/ready", async (c) => {
    const generatedAt = c.env.now();
    const database = c.env.database();
    const tables = [listState, oauthSources, sourceTypes, apiTokens] as const;
    const [lastSync] = await ask(() =>
      database.batch([selectLastGoodStart(database), ...tables.map((table) => database.select().from(table).limit(0))]),
    );
    return c.json({ synced_at: lastSync[0]?.startedAt ?? null }, 200, cacheHeaders(generatedAt, readyFreshness));
  });

/** A 200 with its ETag, or a 304 for a cache that has that very body and asks whether it is still the right one. */
async function send(c: Context, body: unknown, headers: Record<string, string>): Promise<Response> {
  const text = JSON.stringify(body);
  const ETag = await etagOf(text);
  if (isKnown(ETag, c.req.header("If-None-Match"))) return c.body(null, 304, { ...headers, ETag });
  return c.body(text, 200, { ...headers, ETag, "Content-Type": "application/json" });
}

/**
 * Where authentik is, as the question says. It must: the host of the request is not in the key of Workers Cache, and two
 * Workers that leave it out would get each other's callback URLs.
 */
function publicUrl(c: Context): string {
  const url = c.req.query(publicUrlParameter);
  if (url === undefined) throw invalidQuery({ [publicUrlParameter]: ["This parameter is required."] });
  if (!isHttpUrl(url)) throw invalidQuery({ [publicUrlParameter]: ["Enter a valid URL."] });
  return url;
}

const listHeaders = (generatedAt: number, freshness: Freshness) => ({
  ...cacheHeaders(generatedAt, freshness),
  "Cache-Tag": cacheTag,
});

const cacheHeaders = (generatedAt: number, freshness: Freshness) => ({
  "Cache-Control": cacheControl(freshness),
  [generatedAtHeader]: String(generatedAt),
});

/**
 * Asks the origin a question. It gets a request of our own making: nothing of the client's, and its token least of all,
 * goes along.
 */
export type AskOrigin = (question: string, c: Context) => Promise<Answer>;

/** The origin in this very Worker. */
export const localOrigin =
  (bindings: (c: Context) => OriginBindings): AskOrigin =>
  async (question, c) =>
    readAnswer(await origin.fetch(new Request(question), bindings(c)));
