import { type Cloudflare, CloudflareError } from "../cloudflare/api.ts";
import type { DeployConfig } from "../cloudflare/config.ts";
import { openRemoteD1 } from "../cloudflare/d1.ts";
import { migrateDeployed, refuseOtherDatabase } from "../cloudflare/migrations.ts";
import { type DeployedWorker, readWorker } from "../cloudflare/worker.ts";
import type { WranglerOptions } from "../cloudflare/wrangler.ts";
import type { SetupStore } from "./store.ts";

/** What is at Cloudflare before anything is made there. */
export interface Site {
  cloudflare: Cloudflare;
  config: DeployConfig;
  worker: DeployedWorker | undefined;
}

/** Cloudflare's code for an account without a name on workers.dev. */
const noSubdomain = 10007;

/**
 * Looks for what would stop the set-up half-way.
 * @throws Error, a sentence that says what to do
 */
export async function surveySite(cloudflare: Cloudflare, config: DeployConfig, hasLibsql: boolean): Promise<Site> {
  const worker = await readOwnWorker(cloudflare, config.name);
  if (worker?.hasLibsql && !hasLibsql) {
    throw new Error(`the Worker ${config.name} reads a libSQL database: give its address with --libsql`);
  }
  if (!hasLibsql) await cloudflare.call("GET", "d1/database?per_page=1");
  await refuseOtherDatabase(cloudflare, config, worker?.databaseId);
  if (!config.hasRoutes) await requireSubdomain(cloudflare);
  return { cloudflare, config, worker };
}

/** @throws Error where a Worker of that name is somebody else's */
export async function readOwnWorker(cloudflare: Cloudflare, name: string): Promise<DeployedWorker | undefined> {
  const worker = await readWorker(cloudflare, name);
  if (!worker || worker.isOurs) return worker;
  throw new Error(
    `the Worker ${name} is not this project's, which has the binding SYNC_RUNNER: give yours another name in wrangler.toml`,
  );
}

async function requireSubdomain({ call, account }: Cloudflare): Promise<void> {
  try {
    await call("GET", "workers/subdomain");
  } catch (error) {
    if (!(error instanceof CloudflareError && error.codes.includes(noSubdomain))) throw error;
    throw new Error(
      `the account has no name on workers.dev yet: choose one at https://dash.cloudflare.com/${account}/workers/onboarding, then run this again`,
    );
  }
}

/** The D1 that wrangler binds to the Worker. Its id is known once the Worker is deployed. */
export function d1Store({ cloudflare, config, worker }: Site, options: WranglerOptions): SetupStore {
  let id = config.databaseId ?? worker?.databaseId;
  const findId = async () => {
    id ??= (await readWorker(cloudflare, config.name))?.databaseId;
    if (id === undefined) throw new Error(`the Worker ${config.name} has no D1 as DB: does wrangler.toml bind it?`);
    return id;
  };
  return {
    kind: "d1",
    shown: "its D1 database",
    secrets: {},
    migrate: async () => migrateDeployed(cloudflare, await findId(), options),
    open: () => {
      if (id === undefined) throw new Error("the D1 database is opened before it is migrated");
      return openRemoteD1(cloudflare, id);
    },
  };
}
