import { type Context, type Env, Hono } from "hono";
import { every } from "hono/combine";
import { createMiddleware } from "hono/factory";
import type { Freshness } from "./cache/freshness.ts";
import { localCache } from "./cache/local-cache.ts";
import { memoryTier } from "./cache/memory-tier.ts";
import { type CacheStage, noCache } from "./cache/stage.ts";
import { cacheApiStorage } from "./cache/storage.ts";
import { checkOptions } from "./check-options.ts";
import type { Database } from "./db/database.ts";
import { pathNotFound, renderError } from "./errors.ts";
import { reply, stageContext } from "./gateway.ts";
import { isHttpUrl } from "./is-http-url.ts";
import { bearerAuth, type Principal } from "./middleware/bearer-auth.ts";
import { clientNetwork } from "./middleware/client-address.ts";
import { formQuery } from "./middleware/form-query.ts";
import { appendSlash, otherMethods } from "./middleware/paths-and-methods.ts";
import { countRequest, limitByToken, type RateLimiter } from "./middleware/rate-limit.ts";
import { validateQuery } from "./middleware/validate-query.ts";
import { canonicalQuerySchema } from "./oauth-sources/canonical-query.ts";
import { type OAuthSource, oauthSourceSchema, type SourcesPage } from "./oauth-sources/serialize.ts";
import { type SourceType, sourceTypesQuerySchema } from "./oauth-sources/source-type.ts";
import { type AskOrigin, localOrigin, type OriginBindings, questions } from "./origin.ts";
import { createVerifier } from "./tokens/verifier.ts";

/** Where the list is read: in a database. */
interface DatabaseOptions<E extends Env> {
  /** The store of a request: a Drizzle database. */
  database: (c: Context<E>) => Database;
  /** How long an answer may be served. @default fresh 30 s, stale-while-revalidate 30 s, stale-if-error 24 h */
  freshness?: Freshness | undefined;
  /** How long a good token stays good while the store is down, in seconds. @default 3600 */
  tokenGraceSeconds?: number | undefined;
}

export type SourcesAppOptions<E extends Env> = (DatabaseOptions<E> | { askOrigin: AskOrigin }) & {
  /**
   * Who a bearer token stands for, or null where it is no good.
   * @default the tokens in the store
   */
  verifyToken?: ((token: string, c: Context<E>) => Promise<Principal | null>) | undefined;
  /**
   * The public URL of authentik, on which callback URLs are built.
   * @default the origin of the request
   */
  authentikUrl?: string | ((c: Context<E>) => string | undefined) | undefined;
  /**
   * What stands in front of the store; false for nothing.
   * @default the Cache API, with a small tier in memory before it
   */
  cache?: CacheStage | false | undefined;
  /** Limits; without them there are none. */
  limits?:
    | {
        /** By the client's address (an IPv6 address by its /64), asked before a token is looked up that is not known here as good: guesses are what it limits. */
        address?: RateLimiter | undefined;
        /** By the token's id, asked for every request with one that may view sources. */
        token?: RateLimiter | undefined;
      }
    | undefined;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
};

/** CONTRACT, "General rules". */
const queryBounds = { length: 16 * 1024, parameters: 1_000 };

/**
 * The endpoint as a Hono app, below whatever path it is mounted on: the list, a source by its slug, and the source types.
 * Build it once, at module scope: its caches live as long as it does.
 * @throws TypeError for options that cannot work
 */
export function createSourcesApp<E extends Env = Env>(options: SourcesAppOptions<E>) {
  checkOptions(options);
  const { now = Date.now, limits = {}, authentikUrl } = options;
  const ask = "askOrigin" in options ? options.askOrigin : localOrigin((c) => originBindings(options, c, now));
  const stage = options.cache === false ? noCache : (options.cache ?? defaultCache(now));
  const verifyToken =
    options.verifyToken ??
    createVerifier({
      lookUp: (digest, c) => ask(questions.token(digest), c),
      beforeLookUp: (c) => countRequest(limits.address, clientNetwork(c), c),
      contextOf: stageContext,
      now,
    });
  const configuredUrl = typeof authentikUrl === "function" ? authentikUrl : () => authentikUrl;
  function publicUrl(c: Context): string {
    const url = configuredUrl(c) || new URL(c.req.url).origin;
    if (!isHttpUrl(url)) throw new TypeError("authentikUrl gave something else than an http(s) origin with a path");
    return url.replace(/\/+$/, "");
  }

  const authorized = every(bearerAuth(verifyToken), limitByToken(limits.token));

  async function answer<Body>(c: Context, question: string) {
    const served = await stage.serve(question, () => ask(question, c), stageContext(c));
    return reply<Body>(c, served, now());
  }

  return new Hono<E>()
    .onError(renderError)
    .get("/sources/oauth/", authorized, validateQuery(canonicalQuerySchema, queryBounds), (c) =>
      answer<SourcesPage>(c, questions.list(c.req.valid("query"), publicUrl(c))),
    )
    .get("/sources/oauth/source_types/", authorized, validateQuery(sourceTypesQuerySchema, queryBounds), (c) =>
      answer<SourceType[]>(c, questions.sourceTypes(c.req.valid("query").name)),
    )
    .get("/sources/oauth/:slug/", authorized, formQuery(queryBounds), validateSlug, (c) =>
      answer<OAuthSource>(c, questions.source(c.req.param("slug"), publicUrl(c))),
    )
    .all("/sources/oauth/", otherMethods)
    .all("/sources/oauth/:slug/", otherMethods)
    .all("/sources/oauth", appendSlash)
    .all("/sources/oauth/:slug", appendSlash);
}

/** No source has a slug of another form: the store need not be asked. */
const validateSlug = createMiddleware<Env, "/sources/oauth/:slug/">(async function validateSlug(c, next) {
  if (!oauthSourceSchema.shape.slug.safeParse(c.req.param("slug")).success) throw pathNotFound();
  await next();
});

const defaultCache = (now: () => number) => memoryTier(localCache({ storage: cacheApiStorage(), now }), { now });

const originBindings = <E extends Env>(
  options: DatabaseOptions<E>,
  c: Context<E>,
  now: () => number,
): OriginBindings => ({
  database: () => options.database(c),
  freshness: options.freshness ?? { fresh: 30, staleWhileRevalidate: 30, staleIfError: 86_400 },
  tokenGraceSeconds: options.tokenGraceSeconds ?? 3_600,
  now,
});

/** The app's type, from which a client is typed. */
export type SourcesApp = ReturnType<typeof createSourcesApp>;
