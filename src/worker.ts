import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { type Store, storeOf } from "./db/open.ts";
import type { ReadKey } from "./gateway/app.ts";
import { createGateway, type Gateway, misconfigured } from "./gateway/gateway.ts";
import { logLine } from "./gateway/log.ts";
import { notesOf } from "./http/context.ts";
import { readSettings, type Settings, type Variables } from "./settings.ts";
import { cacheTags, readStore, type StoreOptions } from "./store/routes.ts";
import { readServed, serveStore } from "./store/serve.ts";
import { statusRoute } from "./store/status.ts";
import { syncJob } from "./sync/job.ts";
import { AlarmRunner } from "./sync/runner.ts";
import type { Trigger } from "./sync/runs.ts";

/** The Worker's variables, and what its configuration binds: each may be missing. */
export type Bindings = Variables & {
  /** The store, where `LIBSQL_URL` names no other. */
  DB?: D1Database;
  ADDRESS_LIMIT?: RateLimit;
  TOKEN_LIMIT?: RateLimit;
  SYNC_RUNNER?: DurableObjectNamespace<SyncRunner>;
};

declare global {
  namespace Cloudflare {
    /** Types `exports` by what this module exports. */
    interface GlobalProps {
      mainModule: typeof import("./worker.ts");
    }
  }
}

interface Configuration {
  settings: Settings;
  store: Store;
}

function storeOptions({ settings, store }: Configuration, onRequest: () => void): StoreOptions {
  const { freshness, tokenGraceSeconds } = settings;
  return {
    database: (isPrimary) => store.forReading(isPrimary, onRequest),
    freshness,
    tokenGraceSeconds,
    ownRoutes: [statusRoute],
    now: Date.now,
  };
}

const limiter = (limit: RateLimit | undefined) =>
  limit && (async (key: string) => (await limit.limit({ key })).success);

/** The same function, which computes its value once for each environment: that is one object for the life of an isolate. */
function onceFor<T>(compute: (env: Bindings) => T): (env: Bindings) => T {
  const values = new WeakMap<Bindings, { value: T }>();
  return (env) => {
    const known = values.get(env) ?? { value: compute(env) };
    values.set(env, known);
    return known.value;
  };
}

const configurationOf = onceFor((env): Configuration => {
  const settings = readSettings(env);
  if (settings.sync.problem) console.error(settings.sync.problem);
  return { settings, store: storeOf(env.DB, settings.libsql) };
});

const gatewayOf = onceFor((env): Gateway => {
  const configuration = configurationOf(env);
  const { settings } = configuration;
  const runner = env.SYNC_RUNNER;
  return createGateway({
    settings,
    store: configuration.store.kind,
    read: settings.edgeCache === "platform" ? readSources() : readDirectly(configuration),
    limits: { address: limiter(env.ADDRESS_LIMIT), token: limiter(env.TOKEN_LIMIT) },
    requestSync: runner && (() => askRunner(runner, "webhook")),
  });
});

const readDirectly =
  (configuration: Configuration): ReadKey =>
  (key, c) =>
    readStore(
      key,
      storeOptions(configuration, () => notesOf(c).storeRequests++),
    );

/** Through Workers Cache. `Sources` gets a request of our own: nothing of the client's, and its token least of all, goes along. */
function readSources(): ReadKey {
  let hasWarned = false;
  return async (key) => {
    const response = await exports.Sources.fetch(new Request(key));
    if (!response.headers.has("Cf-Cache-Status") && !hasWarned) {
      hasWarned = true;
      console.error(
        "Sources answered without Cf-Cache-Status: Workers Cache is not on for it, see [exports.Sources] in wrangler.toml",
      );
    }
    return readServed(response);
  };
}

/** Asks the one runner of all isolates for a run; once this has resolved, it can no longer be lost. */
const askRunner = (runner: DurableObjectNamespace<SyncRunner>, trigger: Trigger): Promise<void> =>
  runner.getByName("sync").request(trigger);

/**
 * Runs the sync, here and now.
 * @returns whether it has gone well
 * @throws Error where its configuration is wrong
 */
function runSync(env: Bindings, trigger: Trigger): Promise<boolean> {
  const { settings, store } = configurationOf(env);
  if (settings.sync.problem) throw new Error(settings.sync.problem);
  const invalidate = (what: "all" | "icons") => exports.Sources.invalidate(what);
  const issuers = settings.oidc.issuers.map(({ issuer }) => issuer);
  return syncJob({ database: store.forWriting, sync: settings.sync, issuers, trigger, invalidate });
}

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
    const { sync, oidc } = configurationOf(env).settings;
    const runner = sync.token || oidc.issuers.length > 0 ? env.SYNC_RUNNER : undefined;
    if (runner) await askRunner(runner, "cron");
    else await runSync(env, "cron");
  },
} satisfies ExportedHandler<Bindings>;

/** Reads the store for the gateway, with Workers Cache in front of it. It asks for no token: bind it only to Workers you trust. */
export class Sources extends WorkerEntrypoint<Bindings> {
  override async fetch(request: Request): Promise<Response> {
    const start = Date.now();
    let storeRequests = 0;
    const options = storeOptions(configurationOf(this.env), () => storeRequests++);
    const response = await serveStore(request, options);
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
   * Marks every cached list, source and list of types stale in the platform's cache: readers get the old one once more while a
   * new one is loaded. Nothing is deleted, so that a store which fails at this moment leaves readers with something.
   * @param what all of this, or only which icons there are. @default all
   * @returns whether there is a cache that was told
   * @throws where the cache refuses
   */
  async invalidate(what: keyof typeof cacheTags = "all"): Promise<boolean> {
    if (!this.ctx.cache) return false;
    const result = await this.ctx.cache.invalidate({ tags: [cacheTags[what]] });
    // Refused where too many come at once.
    if (!result.success) throw new Error(result.errors.map(({ message }) => message).join("; "));
    return true;
  }
}

/** The one runner of the sync: the cron and the webhook ask it for runs. */
export class SyncRunner extends AlarmRunner<Bindings> {
  protected override async run(trigger: Trigger): Promise<boolean> {
    return runSync(this.env, trigger);
  }
}
