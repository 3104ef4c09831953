import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { type Context, Hono } from "hono";
import { type ReadLookup, sourcesApp } from "./app.ts";
import { type Cache, noCache } from "./cache/cache.ts";
import { cacheApiStorage } from "./cache/cache-api.ts";
import { memoryCache } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { swrCache } from "./cache/swr.ts";
import { workersCache } from "./cache/workers-cache.ts";
import { readFetch, writeFetch } from "./db/fetch.ts";
import { openLibsql } from "./db/libsql.ts";
import { countStoreRequest, type RequestVariables } from "./http/context.ts";
import { crossOrigin } from "./http/cors.ts";
import { defaultHeaders } from "./http/default-headers.ts";
import { pathNotFound, renderError } from "./http/errors.ts";
import { logLine, requestLog } from "./http/log.ts";
import { otherMethods } from "./http/methods.ts";
import { webhook } from "./http/webhook.ts";
import type { Kind, Lookup } from "./lookup.ts";
import { memoize } from "./memoize.ts";
import { type ReadOptions, read } from "./read.ts";
import { readiness } from "./readiness.ts";
import { type EdgeCache, readSettings, type Settings, type Variables } from "./settings.ts";
import { cacheTag, readThroughPlatform, serveLookup } from "./sources-entrypoint.ts";
import { syncJob } from "./sync/job.ts";
import type { Trigger } from "./sync/runs.ts";
import { AlarmRunner } from "./sync-runner.ts";

/** The Worker's variables, and what wrangler.toml binds: each may be missing. */
export type Bindings = Variables & {
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

/** The gateway: authenticates, validates, and reads through the cache. It is never cached itself. */
function createGateway(env: Bindings): Hono<Env> {
  const settings = settingsOf(env);
  const { edgeCache, authentikUrl, logHits, corsOrigins, sync } = settings;
  const readStore: ReadLookup = <K extends Kind>(lookup: Lookup<K>, c: Context<Env>) =>
    read(
      lookup,
      readOptions(settings, () => countStoreRequest(c)),
    );
  const readLookup: ReadLookup =
    edgeCache === "platform" ? readThroughPlatform((request) => exports.Sources.fetch(request)) : readStore;

  const sources = sourcesApp<Env>({
    read: readLookup,
    cache: caches[edgeCache](),
    authentikUrl,
    limits: { address: limiter(env.ADDRESS_LIMIT), token: limiter(env.TOKEN_LIMIT) },
  });

  const runner = env.SYNC_RUNNER;
  const hook = webhook({
    secret: sync.hookSecret,
    onCall: runner && (() => askRunner(runner, "webhook")),
    limiter: limiter(env.ADDRESS_LIMIT),
  });

  return new Hono<Env>()
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
}

function readOptions({ libsql, freshness, tokenGraceSeconds }: Settings, onRequest: () => void): ReadOptions {
  const database = () => openLibsql({ ...libsql, fetch: readFetch({ onRequest }) });
  return { database, freshness, tokenGraceSeconds, now: Date.now };
}

const limiter = (limit: RateLimit | undefined) =>
  limit && (async (key: string) => (await limit.limit({ key })).success);

// The environment is the same object for the life of an isolate.
const settingsOf = memoize(readSettings);
const gatewayOf = memoize(createGateway);

/** Asks the one runner of all isolates for a run; once this has resolved, it can no longer be lost. */
const askRunner = (runner: DurableObjectNamespace<SyncRunner>, trigger: Trigger): Promise<void> =>
  runner.getByName("sync").request(trigger);

/**
 * Runs the sync, here and now.
 * @returns whether it has gone well
 */
function runSync(env: Bindings, trigger: Trigger): Promise<boolean> {
  const { libsql, sync } = settingsOf(env);
  const database = () => openLibsql({ ...libsql, fetch: writeFetch() });
  return syncJob({ database, sync, trigger, invalidate: () => exports.Sources.invalidate() });
}

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
    const runner = settingsOf(env).sync.token ? env.SYNC_RUNNER : undefined;
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
    const options = readOptions(settingsOf(this.env), () => storeRequests++);
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
