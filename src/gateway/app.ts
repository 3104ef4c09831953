import type { Context, Env } from "hono";
import { every } from "hono/combine";
import { createMiddleware } from "hono/factory";
import { isHttpUrl, normalUrl } from "../base/http-url.ts";
import { type Cache, type Cached, noCache } from "../cache/cache.ts";
import { cacheApiStorage, defaultCacheName } from "../cache/cache-api.ts";
import { defaultFreshness, type Freshness } from "../cache/freshness.ts";
import { imageBounds, memoryCache } from "../cache/memory.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import type { Database } from "../db/database.ts";
import { bearerAuth, type VerifyToken } from "../http/bearer.ts";
import { type Principal, waitUntilOf } from "../http/context.ts";
import { pathNotFound, renderError } from "../http/errors.ts";
import { appendSlash, otherMethods } from "../http/methods.ts";
import { formQuery, validateQuery } from "../http/query.ts";
import { clientNetwork, countRequest, limitByToken, type RateLimiter } from "../http/rate-limit.ts";
import { newApp } from "../http/router.ts";
import { slugSchema } from "../source/fields.ts";
import { canonicalQuery, listQuerySchema } from "../source/query.ts";
import type { OAuthSource, SourcesPage } from "../source/source.ts";
import type { SourceType } from "../source/source-type.ts";
import { listKey, sourceKey, sourceTypesKey, tokenKey } from "../store/key.ts";
import { readStore } from "../store/routes.ts";
import { sourceTypesQuerySchema } from "../store/source-types.ts";
import { defaultTokenGraceSeconds, type TokenVerifierOptions, tokenVerifier } from "../tokens/verify.ts";
import { iconsApp } from "./icons.ts";
import { reply } from "./reply.ts";

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
   * The principal that a bearer token stands for, or null where it is no good. `byStore` asks the tokens in the store.
   * @default the tokens in the store
   */
  verifyToken?:
    | ((
        token: string,
        c: Context<E>,
        byStore: (token: string) => Promise<Principal | null>,
      ) => Promise<Principal | null>)
    | undefined;
  /**
   * The public URL of authentik, on which callback URLs are built.
   * @default the origin of the request
   */
  authentikUrl?: string | ((c: Context<E>) => string | undefined) | undefined;
  /**
   * The name of the cache in front of the store, in the Cache API, with a small cache in memory before it; false for none. The
   * default one is for one app: a second app has a name of its own.
   * @default "authentik-sources-edge"
   */
  cache?: string | false | undefined;
  /**
   * Whether the icons of enabled sources are served too, to anyone, below `icons/`: what `syncSources` has copied with `icons`.
   * @default false
   */
  icons?: boolean | undefined;
  /** Rate limits. @default none */
  limits?:
    | {
        /**
         * By the client's address, an IPv6 address by its /64. Asked before a token is looked up that is not known as good, and
         * for an icon that there is not: it limits guesses.
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
 * @throws TypeError for options that cannot work, and for a second app with the same cache, which would share its responses
 * @example
 * const sources = createSourcesApp<Env>({ database: (c) => drizzle(c.env.DB), authentikUrl: "https://authentik.example" });
 * export default new Hono<Env>().route("/api/v3", sources);
 */
export function createSourcesApp<E extends Env = Env>(options: SourcesAppOptions<E>) {
  checkOptions(options);
  const { cache, now = Date.now } = options;
  return cache === false ? appWithCache<E>(options, noCache()) : appWithCache<E>(options, ...namedCaches(cache, now));
}

/**
 * The same app over any cache.
 * @param images of icons. @default the same cache
 */
export function appWithCache<E extends Env>(
  options: Omit<SourcesAppOptions<E>, "cache">,
  cache: Cache<StoredResponse>,
  images = cache,
) {
  const { authentikUrl, limits, now = Date.now } = options;
  const read: ReadKey = (key, c) =>
    readStore(key, {
      database: () => options.database(c),
      freshness: options.freshness ?? defaultFreshness,
      tokenGraceSeconds: options.tokenGraceSeconds ?? defaultTokenGraceSeconds,
      now,
    });
  const byStore = storeVerifier({ read, limits, now }).verify;
  const { verifyToken: byHost } = options;
  const verifyToken: VerifyToken = byHost ? (token, c) => byHost(token, c, (text) => byStore(text, c)) : byStore;
  const app = sourcesApp<E>({ read, verifyToken, authentikUrl, limits, cache, now });
  if (options.icons) app.route("/", iconsApp({ read, cache, images, limiter: limits?.address, now }));
  return app;
}

/** The cache names of the apps in this isolate. */
const takenNames = new Set<string>();

/** For lists, and for the images of icons. */
function namedCaches(name = defaultCacheName, now: () => number): [Cache<StoredResponse>, Cache<StoredResponse>] {
  if (takenNames.has(name)) {
    throw new TypeError(
      `createSourcesApp: another app has the cache "${name}", and would share its responses. Build an app once, at module scope; give a second one a cache of its own, such as cache: "more-sources"`,
    );
  }
  takenNames.add(name);
  const next = swrCache({ storage: cacheApiStorage(name), now });
  return [memoryCache(next, { now }), memoryCache(next, { now, bounds: imageBounds })];
}

/** Reads what a key stands for, on behalf of a request. */
export type ReadKey = (key: string, c: Context) => Promise<Cached<StoredResponse>>;

/** Verifies tokens by the store, and limits guesses by the client's address. */
export const storeVerifier = ({ read, limits, now }: Pick<SourcesAppParts<Env>, "read" | "limits" | "now">) =>
  tokenVerifier({
    lookUp: (digest, c) => read(tokenKey(digest), c),
    beforeLookUp: (c) => countRequest(limits?.address, clientNetwork(c), c),
    waitUntil: waitUntilOf,
    now,
  } satisfies TokenVerifierOptions);

export interface SourcesAppParts<E extends Env> extends Pick<SourcesAppOptions<E>, "authentikUrl" | "limits"> {
  read: ReadKey;
  verifyToken: VerifyToken;
  cache: Cache<StoredResponse>;
  now: () => number;
  /** Told the key of each URL that is right. */
  onKey?: (url: string, key: string) => void;
}

/** The app over any way of reading: `createSourcesApp` reads a database, the Worker its `Sources` entrypoint. */
export function sourcesApp<E extends Env>(parts: SourcesAppParts<E>) {
  const { read, verifyToken, cache, limits = {}, now, onKey } = parts;
  const authorized = every(bearerAuth(verifyToken), limitByToken(limits.token));
  const publicUrl = publicUrlOf(parts.authentikUrl);

  async function answer<Body>(c: Context, key: string) {
    // Without its slash, a path is redirected.
    if (c.req.path.endsWith("/")) onKey?.(c.req.raw.url, key);
    return reply<Body>(c.req.raw, await cache.get(key, () => read(key, c), waitUntilOf(c)), now());
  }

  const app = newApp<E>()
    .onError(renderError)
    .get("/sources/oauth/", authorized, formQuery, validateQuery(listQuerySchema), (c) =>
      answer<SourcesPage>(c, listKey(canonicalQuery(c.req.valid("query")), publicUrl(c))),
    )
    .get("/sources/oauth/source_types/", authorized, formQuery, validateQuery(sourceTypesQuerySchema), (c) =>
      answer<SourceType[]>(c, sourceTypesKey(c.req.valid("query").name, publicUrl(c))),
    )
    .get(slugPath, authorized, formQuery, validateSlug, (c) =>
      answer<OAuthSource>(c, sourceKey(c.req.param(slugParameter), publicUrl(c))),
    )
    .all("/sources/oauth/", otherMethods)
    .all(slugPath, otherMethods);

  // The same routes without their slash, for `appendSlash` to redirect what they answer.
  const { routes } = app;
  for (const path of ["/sources/oauth/", slugPath]) app.use(withoutSlash(path), appendSlash);
  for (const { method, path, handler } of [...routes].filter(({ handler }) => handler !== appendSlash))
    app.on(method, withoutSlash(path), handler);
  return app;
}

/** A host may mount the app below a parameter of its own: no host has this name. */
const slugParameter = "authentikSourceSlug";
const slugPath = `/sources/oauth/:${slugParameter}/` as const;

const withoutSlash = (path: string) => path.slice(0, -1);

/** A slug of another form is no source's: the store need not be asked. */
const validateSlug = createMiddleware<Env, typeof slugPath>(async function validateSlug(c, next) {
  if (!slugSchema.safeParse(c.req.param(slugParameter)).success) throw pathNotFound;
  await next();
});

const wantedUrl = "an http(s) URL such as https://authentik.example, without a user, a query or a fragment";

const isSeconds = (value: number) => Number.isSafeInteger(value) && value >= 0;

/** Checks when the app is built, rather than at the first request, what the compiler cannot. */
function checkOptions<E extends Env>(options: SourcesAppOptions<E>): void {
  const { database, authentikUrl, freshness = defaultFreshness, tokenGraceSeconds = 0 } = options;
  const rules: [isValid: boolean, message: string][] = [
    [typeof database === "function", "database must be a function of the context, such as (c) => drizzle(c.env.DB)"],
    [
      authentikUrl === undefined || typeof authentikUrl === "function" || isHttpUrl(authentikUrl),
      `authentikUrl must be ${wantedUrl}, or a function of the context that gives one`,
    ],
    [
      [freshness.fresh, freshness.staleWhileRevalidate, freshness.staleIfError].every(isSeconds),
      "freshness must have fresh, staleWhileRevalidate and staleIfError, each a whole number of seconds",
    ],
    [isSeconds(tokenGraceSeconds), "tokenGraceSeconds must be a whole number of seconds"],
  ];
  for (const [isValid, message] of rules) if (!isValid) throw new TypeError(`createSourcesApp: ${message}`);
}

/** In the URL's normal form, without a slash at its end. */
function publicUrlOf<E extends Env>(authentikUrl: SourcesAppOptions<E>["authentikUrl"]): (c: Context) => string {
  if (typeof authentikUrl === "string") {
    const url = normalUrl(authentikUrl);
    return () => url;
  }
  return (c) => {
    const url = authentikUrl?.(c) || new URL(c.req.url).origin;
    if (!isHttpUrl(url)) throw new TypeError(`authentikUrl gave something else than ${wantedUrl}`);
    return normalUrl(url);
  };
}

/** The app's type, from which a client is typed. */
export type SourcesApp = ReturnType<typeof createSourcesApp>;
