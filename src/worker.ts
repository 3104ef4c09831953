import { exports, WorkerEntrypoint } from "cloudflare:workers";
import type { ReadLookup } from "./app.ts";
import { createGateway, type Gateway, misconfigured } from "./gateway.ts";
import { notesOf } from "./http/context.ts";
import { logLine } from "./http/log.ts";
import { memoize } from "./memoize.ts";
import { type ReadOptions, read } from "./read.ts";
import { readSettings, type Settings, type Variables } from "./settings.ts";
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

function readOptions({ settings, store }: Configuration, onRequest: () => void): ReadOptions {
  const { freshness, tokenGraceSeconds } = settings;
  return { database: (kind) => store.forReading(kind, onRequest), freshness, tokenGraceSeconds, now: Date.now };
}

const limiter = (limit: RateLimit | undefined) =>
  limit && (async (key: string) => (await limit.limit({ key })).success);

// The environment is the same object for the life of an isolate.
const configurationOf = memoize((env: Bindings): Configuration => {
  const settings = readSettings(env);
  if (settings.sync.problem) console.error(settings.sync.problem);
  return { settings, store: storeOf(env.DB, settings.libsql) };
});

const gatewayOf = memoize((env: Bindings): Gateway => {
  const configuration = configurationOf(env);
  const { settings } = configuration;
  const readStore: ReadLookup = (lookup, c) =>
    read(
      lookup,
      readOptions(configuration, () => notesOf(c).storeRequests++),
    );
  const runner = env.SYNC_RUNNER;
  return createGateway({
    settings,
    read:
      settings.edgeCache === "platform" ? readThroughPlatform((request) => exports.Sources.fetch(request)) : readStore,
    limits: { address: limiter(env.ADDRESS_LIMIT), token: limiter(env.TOKEN_LIMIT) },
    requestSync: runner && (() => askRunner(runner, "webhook")),
  });
});

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
  const invalidate = () => exports.Sources.invalidate();
  return syncJob({ database: store.forWriting, sync: settings.sync, trigger, invalidate });
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
   * Marks every cached list, source and list of types stale in the platform's cache: readers get the old one once more while a
   * new one is loaded. Nothing is deleted, so that a store which fails at this moment leaves readers with something.
   * @returns whether there is a cache that was told
   * @throws where the cache refuses
   */
  async invalidate(): Promise<boolean> {
    if (!this.ctx.cache) return false;
    const result = await this.ctx.cache.invalidate({ tags: [cacheTag] });
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
