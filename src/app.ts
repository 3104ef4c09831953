import type { Context, Env } from "hono";
import { every } from "hono/combine";
import { createMiddleware } from "hono/factory";
import { type Cache, type Cached, noCache } from "./cache/cache.ts";
import { cacheApiStorage } from "./cache/cache-api.ts";
import type { Freshness } from "./cache/freshness.ts";
import { memoryCache } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { swrCache } from "./cache/swr.ts";
import type { Database } from "./db/database.ts";
import { newApp } from "./http/app.ts";
import { bearerAuth } from "./http/bearer.ts";
import { notesOf, type Principal, waitUntilOf } from "./http/context.ts";
import { pathNotFound, renderError } from "./http/errors.ts";
import { isHttpUrl, normalUrl } from "./http/http-url.ts";
import { appendSlash, otherMethods } from "./http/methods.ts";
import { limitQuery, validateQuery } from "./http/query.ts";
import { clientNetwork, countRequest, limitByToken, type RateLimiter } from "./http/rate-limit.ts";
import { type Kind, keyOf, type Lookup } from "./lookup.ts";
import { checkOptions, defaultFreshness, defaultTokenGraceSeconds } from "./options.ts";
import { type PreparedReplies, preparedReplies } from "./prepared-replies.ts";
import { type Results, read } from "./read.ts";
import { reply } from "./reply.ts";
import { slugSchema } from "./sources/fields.ts";
import { listQuerySchema } from "./sources/query.ts";
import type { OAuthSource, SourcesPage } from "./sources/source.ts";
import type { SourceType } from "./sources/source-type.ts";
import { sourceTypesQuerySchema } from "./sources/source-types.ts";
import { tokenVerifier } from "./tokens/verify.ts";

/** Options that depend on the request are functions of its context. */
export interface SourcesAppOptions<E extends Env> {
  /**
   * The store: a Drizzle database over libSQL or D1. It must be one store, whatever the request: responses and tokens that were
   * read are kept for all requests alike. Two stores are two apps, each with a cache of its own.
   */
  database: (c: Context<E>) => Database;
  /** How long a response may be served. @default fresh 30 s, stale-while-revalidate 30 s, stale-if-error 24 h */
  freshness?: Freshness | undefined;
  /** How long a good token stays good while the store is down, in seconds. @default 3600 */
  tokenGraceSeconds?: number | undefined;
  /**
   * Whom a bearer token stands for, or null where it is no good.
   * @default the tokens in the store
   */
  verifyToken?: ((token: string, c: Context<E>) => Promise<Principal | null>) | undefined;
  /**
   * The public URL of authentik, on which callback URLs are built.
   * @default the origin of the request
   */
  authentikUrl?: string | ((c: Context<E>) => string | undefined) | undefined;
  /**
   * The cache in front of the store; false for none. The default one is for one app: a second app is built with another.
   * @default the Cache API, with a small cache in memory before it
   */
  cache?: Cache<StoredResponse> | false | undefined;
  /** Rate limits. @default none */
  limits?:
    | {
        /**
         * By the client's address, an IPv6 address by its /64. Asked before a token is looked up that is not known as good:
         * it limits guesses.
         */
        address?: RateLimiter | undefined;
        /** By the token's id, asked for every request with a token that may view sources. */
        token?: RateLimiter | undefined;
      }
    | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/**
 * The endpoint as a Hono app, below whatever path it is mounted on: the list, a source by its slug, and the source types.
 * Build it once, at module scope: its caches live as long as it does.
 * @throws TypeError for options that cannot work, and for a second app with the default cache, which would share its responses
 * @example
 * const sources = createSourcesApp<Env>({ database: (c) => drizzle(c.env.DB), authentikUrl: "https://authentik.example" });
 * export default new Hono<Env>().route("/api/v3", sources);
 */
export function createSourcesApp<E extends Env = Env>(options: SourcesAppOptions<E>) {
  checkOptions(options);
  const { now = Date.now, cache } = options;
  const readStore: ReadLookup = (lookup, c) =>
    read(lookup, {
      database: () => options.database(c),
      freshness: options.freshness ?? defaultFreshness,
      tokenGraceSeconds: options.tokenGraceSeconds ?? defaultTokenGraceSeconds,
      now,
    });
  return sourcesApp<E>({
    ...options,
    read: readStore,
    cache: cache === false ? noCache() : (cache ?? defaultCache(now)),
    prepared:
      typeof options.authentikUrl === "function" ? undefined : preparedReplies({ limiter: options.limits?.token, now }),
    now,
  });
}

let isDefaultCacheTaken = false;

function defaultCache(now: () => number): Cache<StoredResponse> {
  if (isDefaultCacheTaken) {
    throw new TypeError(
      'createSourcesApp: another app has the default cache, and would share its responses. Build an app once, at module scope; give a second one a cache with a name, such as cache: swrCache({ storage: cacheApiStorage("sources-b") }), or cache: false',
    );
  }
  isDefaultCacheTaken = true;
  return memoryCache(swrCache({ storage: cacheApiStorage(), now }), { now });
}

/** Reads a lookup on behalf of a request. */
export type ReadLookup = <K extends Kind>(lookup: Lookup<K>, c: Context) => Promise<Cached<Results[K]>>;

interface SourcesAppParts<E extends Env>
  extends Pick<SourcesAppOptions<E>, "verifyToken" | "authentikUrl" | "limits" | "now"> {
  read: ReadLookup;
  cache: Cache<StoredResponse>;
  /** None where a function gives the public URL: it may depend on more of a request than its URL and token. */
  prepared: PreparedReplies | undefined;
}

/** The app over any way of reading; `createSourcesApp` reads a database, the Worker through its `Sources` entrypoint too. */
export function sourcesApp<E extends Env>(parts: SourcesAppParts<E>) {
  const { read, cache, limits = {}, authentikUrl, now = Date.now } = parts;
  const prepared = parts.prepared?.middleware ?? passThrough;
  const verifyToken =
    parts.verifyToken ??
    tokenVerifier({
      lookUp: (digest, c) => read({ kind: "token", digest }, c),
      beforeLookUp: (c) => countRequest(limits.address, clientNetwork(c), c),
      waitUntil: waitUntilOf,
      now,
    });
  const authorized = every(bearerAuth(verifyToken), limitByToken(limits.token));
  const publicUrl = publicUrlOf(authentikUrl);

  async function answer<Body>(c: Context, lookup: Lookup<"list" | "source" | "types">) {
    const cached = await cache.get(keyOf(lookup), () => read(lookup, c), waitUntilOf(c));
    notesOf(c).answered = cached;
    return reply<Body>(c.req.raw, cached, now());
  }

  const app = newApp<E>()
    .onError(renderError)
    .get("/sources/oauth/", prepared, authorized, limitQuery, validateQuery(listQuerySchema), (c) =>
      answer<SourcesPage>(c, { kind: "list", query: c.req.valid("query"), publicUrl: publicUrl(c) }),
    )
    .get("/sources/oauth/source_types/", prepared, authorized, limitQuery, validateQuery(sourceTypesQuerySchema), (c) =>
      answer<SourceType[]>(c, { kind: "types", ...c.req.valid("query"), publicUrl: publicUrl(c) }),
    )
    .get(slugPath, prepared, authorized, limitQuery, validateSlug, (c) =>
      answer<OAuthSource>(c, { kind: "source", slug: c.req.param(slugParameter), publicUrl: publicUrl(c) }),
    )
    .all("/sources/oauth/", otherMethods)
    .all(slugPath, otherMethods);

  // The same routes without their slash. A reply is prepared for the right path only.
  const routes = app.routes.filter(({ handler }) => handler !== prepared);
  for (const path of ["/sources/oauth/", slugPath]) app.use(withoutSlash(path), appendSlash);
  for (const { method, path, handler } of routes) app.on(method, withoutSlash(path), handler);
  return app;
}

/** A host may mount the app below a parameter of its own: no host has this name. */
const slugParameter = "authentikSourceSlug";
const slugPath = `/sources/oauth/:${slugParameter}/` as const;

const withoutSlash = (path: string) => path.slice(0, -1);

const passThrough = createMiddleware((_, next) => next());

/** A slug of another form is no source's: the store need not be asked. */
const validateSlug = createMiddleware<Env, typeof slugPath>(async function validateSlug(c, next) {
  if (!slugSchema.safeParse(c.req.param(slugParameter)).success) throw pathNotFound;
  await next();
});

/** In the URL's normal form, without a slash at its end. */
function publicUrlOf<E extends Env>(authentikUrl: SourcesAppOptions<E>["authentikUrl"]): (c: Context) => string {
  if (typeof authentikUrl === "string") {
    const url = normalUrl(authentikUrl);
    return () => url;
  }
  return (c) => {
    const url = authentikUrl?.(c) || new URL(c.req.url).origin;
    if (!isHttpUrl(url)) throw new TypeError("authentikUrl gave something else than an http(s) origin with a path");
    return normalUrl(url);
  };
}

/** The app's type, from which a client is typed. */
export type SourcesApp = ReturnType<typeof createSourcesApp>;
