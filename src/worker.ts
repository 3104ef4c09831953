import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import { createSourcesApp } from "./app.ts";
import { readAnswer } from "./cache/answer.ts";
import { localCache } from "./cache/local-cache.ts";
import { memoryTier } from "./cache/memory-tier.ts";
import { type CacheStage, noCache } from "./cache/stage.ts";
import { cacheApiStorage } from "./cache/storage.ts";
import { workersCache } from "./cache/workers-cache.ts";
import { openLibsql } from "./db/libsql.ts";
import { readFetch } from "./db/read-fetch.ts";
import { type Bindings, type EdgeCache, type RateLimit, readSettings, type Settings } from "./env.ts";
import { pathNotFound, renderError } from "./errors.ts";
import { crossOrigin } from "./middleware/cross-origin.ts";
import { noStoreByDefault } from "./middleware/no-store-by-default.ts";
import { otherMethods } from "./middleware/paths-and-methods.ts";
import { type Counted, countStoreRequest, logLine, requestLog } from "./middleware/request-log.ts";
import { oncePer } from "./once-per.ts";
import { type AskOrigin, cacheTag, localOrigin, type OriginBindings, origin } from "./origin.ts";
import { readiness } from "./readiness.ts";
import { scheduledSync } from "./sync/scheduled-sync.ts";

interface Env extends Counted {
  Bindings: Bindings;
}

declare global {
  namespace Cloudflare {
    /** Types `exports` by what this module exports. */
    interface GlobalProps {
      mainModule: typeof import("./worker.ts");
    }
  }
}

const stages: Record<EdgeCache, () => CacheStage> = {
  platform: () => memoryTier(workersCache()),
  "cache-api": () => memoryTier(localCache({ storage: cacheApiStorage() })),
  off: () => noCache,
};

/** The gateway: authenticates, validates, and asks the origin through the cache. It is never cached itself. */
function createGateway(env: Bindings): Hono<Env> {
  const settings = settingsOf(env);
  const askOrigin: AskOrigin =
    settings.edgeCache === "platform"
      ? async (question) => readAnswer(await exports.Sources.fetch(new Request(question)))
      : localOrigin((c: Context<Env>) => originBindings(settings, () => countStoreRequest(c)));

  const sources = createSourcesApp<Env>({
    askOrigin,
    authentikUrl: settings.authentikUrl,
    cache: stages[settings.edgeCache](),
    limits: { address: limiter(env.ADDRESS_LIMIT), token: limiter(env.TOKEN_LIMIT) },
  });

  return new Hono<Env>()
    .onError(renderError)
    .notFound(() => {
      throw pathNotFound();
    })
    .use(requestLog, noStoreByDefault, crossOrigin(settings.corsOrigins))
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", readiness({ askOrigin, maxAgeSeconds: settings.sync.maxAgeSeconds }))
    .all("/healthz", otherMethods)
    .all("/readyz", otherMethods)
    .route("/", sources)
    .route("/api/v3", sources);
}

function originBindings({ libsql, freshness, tokenGraceSeconds }: Settings, onRequest: () => void): OriginBindings {
  const database = () => openLibsql({ ...libsql, fetch: readFetch({ onRequest }) });
  return { database, freshness, tokenGraceSeconds, now: Date.now };
}

const limiter = (limit: RateLimit | undefined) =>
  limit && (async (key: string) => (await limit.limit({ key })).success);

// The environment is the same object for the life of an isolate.
const settingsOf = oncePer(readSettings);
const gatewayOf = oncePer(createGateway);

/** Answers as the contract says where nothing can be built, since the configuration is wrong. */
const misconfigured = (error: unknown) =>
  new Hono().onError(renderError).all("*", () => {
    throw error;
  });

export default {
  async fetch(request, env, context) {
    let gateway: Hono<Env> | Hono;
    try {
      gateway = gatewayOf(env);
    } catch (error) {
      gateway = misconfigured(error);
    }
    return gateway.fetch(request, env, context);
  },

  async scheduled(_controller, env) {
    await scheduledSync(settingsOf(env), () => exports.Sources.invalidate());
  },
} satisfies ExportedHandler<Bindings>;

/**
 * The origin as an entrypoint of its own, with Workers Cache in front of it. Whoever binds to it reads without a token,
 * past the gateway: to give another Worker this binding is to trust it.
 */
export class Sources extends WorkerEntrypoint<Bindings> {
  override async fetch(request: Request): Promise<Response> {
    const start = Date.now();
    let storeRequests = 0;
    const bindings = originBindings(settingsOf(this.env), () => storeRequests++);
    const response = await origin.fetch(request, bindings, this.ctx);
    logLine({
      entrypoint: "Sources",
      method: request.method,
      path: new URL(request.url).pathname,
      status: response.status,
      store: storeRequests,
      ms: Date.now() - start,
    });
    return response;
  }

  /**
   * Marks every cached list stale: readers get the old one once more while a new one is fetched. Nothing is deleted, so
   * that a store which fails at this moment leaves readers with something.
   * @returns whether there is a cache that was told
   */
  async invalidate(): Promise<boolean> {
    if (!this.ctx.cache) return false;
    await this.ctx.cache.invalidate({ tags: [cacheTag] });
    return true;
  }
}
