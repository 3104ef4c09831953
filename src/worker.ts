import { exports, WorkerEntrypoint } from "cloudflare:workers";
import type { Context } from "hono";
import { type ReadLookup, sourcesApp } from "./app.ts";
import { type Cache, noCache } from "./cache/cache.ts";
import { cacheApiStorage } from "./cache/cache-api.ts";
import { memoryCache } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { swrCache } from "./cache/swr.ts";
import { workersCache } from "./cache/workers-cache.ts";
import { newApp } from "./http/app.ts";
import { countStoreRequest, type RequestVariables } from "./http/context.ts";
import { crossOrigin } from "./http/cors.ts";
import { defaultHeaders } from "./http/default-headers.ts";
import { pathNotFound, renderError } from "./http/errors.ts";
import { hitLog, lineOf, logLine, requestLog } from "./http/log.ts";
import { otherMethods } from "./http/methods.ts";
import { webhook } from "./http/webhook.ts";
import type { Kind, Lookup } from "./lookup.ts";
import { memoize } from "./memoize.ts";
import { preparedReplies } from "./prepared-replies.ts";
import { type ReadOptions, read } from "./read.ts";
import { readiness } from "./readiness.ts";
import { type EdgeCache, readSettings, type Settings, type Variables } from "./settings.ts";
import { cacheTag, readThroughPlatform, serveLookup } from "./sources-entrypoint.ts";
import { type Store, storeOf } from "./store.ts";
import { syncJob } from "./sync/job.ts";
import type { Trigger } from "./sync/runs.ts";
import { AlarmRunner } from "./sync-runner.ts";

/** The Worker's variables, and what its configuration binds: each may be missing. */
export type Bindings = Variables & {
  /** The store, where it is D1. */
  DB?: D1Database;
  ADDRESS_LIMIT?: RateLimit;
  TOKEN_LIMIT?: RateLimit;
  SYNC_RUNNER?: DurableObjectNamespace<SyncRunner>;
};

interface Env extends RequestVariables {
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

const caches: Record<EdgeCache, () => Cache<StoredResponse>> = {
  platform: () => memoryCache(workersCache()),
  "cache-api": () => memoryCache(swrCache({ storage: cacheApiStorage() })),
  off: () => noCache(),
};

type Gateway = Required<Pick<ExportedHandler<Bindings>, "fetch">>;

/** The gateway: authenticates, validates, and reads through the cache. It is never cached itself. */
function createGateway(env: Bindings): Gateway {
  const configuration = configurationOf(env);
  const { edgeCache, authentikUrl, logHits, corsOrigins, sync } = configuration.settings;
  const readStore: ReadLookup = <K extends Kind>(lookup: Lookup<K>, c: Context<Env>) =>
    read(
      lookup,
      readOptions(configuration, () => countStoreRequest(c)),
    );
  const readLookup: ReadLookup =
    edgeCache === "platform" ? readThroughPlatform((request) => exports.Sources.fetch(request)) : readStore;

  const limits = { address: limiter(env.ADDRESS_LIMIT), token: limiter(env.TOKEN_LIMIT) };
  const prepared = preparedReplies({ limiter: limits.token, now: Date.now });
  const sources = sourcesApp<Env>({ read: readLookup, cache: caches[edgeCache](), prepared, authentikUrl, limits });

  const runner = env.SYNC_RUNNER;
  const hook = webhook({
    secret: sync.hookSecret,
    onCall: runner && (() => askRunner(runner, "webhook")),
    limiter: limits.address,
  });

  const app = newApp<Env>()
    .onError(renderError)
    .notFound(() => {
      throw pathNotFound();
    })
    .use(requestLog({ hits: logHits }), defaultHeaders, crossOrigin(corsOrigins))
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", readiness({ read: (c) => readLookup({ kind: "ready" }, c), maxAgeSeconds: sync.maxAgeSeconds }))
    .all("/healthz", otherMethods)
    .all("/readyz", otherMethods)
    .all("/hooks/authentik", hook)
    .route("/", sources)
    .route("/api/v3", sources);

  // Where pages of other origins may read, replies have more headers: all go through the app.
  if (corsOrigins.length > 0) return app;
  const logHit = hitLog({ hits: logHits });
  return {
    fetch(request, env, context) {
      const found = prepared.find(request);
      if (!found) return app.fetch(request, env, context);
      const { response, principal } = found;
      logHit(() => ({
        ...lineOf(request.method, new URL(request.url).pathname, response),
        store: 0,
        ms: 0,
        token: principal.id,
      }));
      return response;
    },
  };
}

interface Configuration {
  settings: Settings;
  store: Store;
}

function readOptions({ settings, store }: Configuration, onRequest: () => void): ReadOptions {
  const { freshness, tokenGraceSeconds } = settings;
  return { database: (kind) => store.forReading(kind, onRequest), freshness, tokenGraceSeconds, now: Date.now };
}

const limiter = (limit: RateLimit | undefined) =>
  limit && (async (key: string) => (await limit.limit({ key })).success);

// The environment is the same object for the life of an isolate.
const configurationOf = memoize((env: Bindings): Configuration => {
  const settings = readSettings(env);
  return { settings, store: storeOf(env.DB, settings.libsql) };
});
const gatewayOf = memoize(createGateway);

/** Asks the one runner of all isolates for a run; once this has resolved, it can no longer be lost. */
const askRunner = (runner: DurableObjectNamespace<SyncRunner>, trigger: Trigger): Promise<void> =>
  runner.getByName("sync").request(trigger);

/**
 * Runs the sync, here and now.
 * @returns whether it has gone well
 */
function runSync(env: Bindings, trigger: Trigger): Promise<boolean> {
  const { settings, store } = configurationOf(env);
  const invalidate = () => exports.Sources.invalidate();
  return syncJob({ database: store.forWriting, sync: settings.sync, trigger, invalidate });
}

/** Answers as the contract says where nothing can be built, since the configuration is wrong. */
const misconfigured = (error: unknown) =>
  newApp()
    .onError(renderError)
    .all("*", () => {
      throw error;
    });

export default {
  async fetch(request, env, context) {
    let gateway: Gateway;
    try {
      gateway = gatewayOf(env);
    } catch (error) {
      gateway = misconfigured(error);
    }
    return gateway.fetch(request, env, context);
  },

  async scheduled(_controller, env) {
    const runner = configurationOf(env).settings.sync.token ? env.SYNC_RUNNER : undefined;
    if (runner) await askRunner(runner, "cron");
    else await runSync(env, "cron");
  },
} satisfies ExportedHandler<Bindings>;

/**
 * Reads the store for the gateway, with Workers Cache in front of it. Whoever binds to it reads without a token, past the
 * gateway: to give another Worker this binding is to trust it.
 */
export class Sources extends WorkerEntrypoint<Bindings> {
  override async fetch(request: Request): Promise<Response> {
    const start = Date.now();
    let storeRequests = 0;
    const options = readOptions(configurationOf(this.env), () => storeRequests++);
    const response = await serveLookup(request, options);
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
   * Marks every cached list, source and list of types stale in the platform's cache: readers get the old one once more while a new one is loaded. Nothing is deleted, so that
   * a store which fails at this moment leaves readers with something.
   * @returns whether there is a cache that was told
   */
  async invalidate(): Promise<boolean> {
    if (!this.ctx.cache) return false;
    await this.ctx.cache.invalidate({ tags: [cacheTag] });
    return true;
  }
}

/** The one runner of the sync: the cron and the webhook ask it for runs. */
export class SyncRunner extends AlarmRunner<Bindings> {
  protected override async run(trigger: Trigger): Promise<boolean> {
    return runSync(this.env, trigger);
  }
}
