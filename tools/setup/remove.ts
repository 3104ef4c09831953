import type { Step } from "../authentik/ensure.ts";
import { removeAll } from "../authentik/remove.ts";
import { type Cloudflare, CloudflareError } from "../cloudflare/api.ts";
import type { DeployConfig } from "../cloudflare/config.ts";
import { readDatabase, scriptPath } from "../cloudflare/worker.ts";
import { readOwnWorker } from "./cloudflare.ts";

export interface RemoveOptions {
  step: Step;
  cloudflare: Cloudflare;
  config: DeployConfig;
  /** Whether the D1 database goes too. */
  withData: boolean;
  /** Asks whether this may be removed; throws where it may not. */
  confirm: (what: string) => Promise<void>;
}

/**
 * Takes back what the set-up has made, whatever of it is there: at authentik first, so that nothing calls a Worker that is gone.
 * @throws Error
 */
export async function removeSetup({ step, cloudflare, config, withData, confirm }: RemoveOptions): Promise<void> {
  const { report, dryRun } = step;
  const worker = await readOwnWorker(cloudflare, config.name);
  const database = await readDatabase(
    cloudflare,
    worker?.databaseId ?? config.databaseId ?? config.databaseName ?? "DB",
  );
  const parts = [
    "authentik's user, token and webhook",
    ...(worker ? [`the Worker ${config.name}`] : []),
    ...(withData && database ? [`the D1 database ${database.name} with all tokens of readers`] : []),
  ];
  if (!dryRun) await confirm(parts.join(", "));
  const remove = async (what: string, path: string) => {
    if (!dryRun) {
      await cloudflare.call("DELETE", path).catch((error: unknown) => {
        // Somebody else was faster.
        if (!(error instanceof CloudflareError && error.status === 404)) throw error;
      });
    }
    report(`${dryRun ? "would remove" : "removed"} ${what}`);
  };
  await removeAll(step);
  if (worker) await remove(`the Worker ${config.name}`, `${scriptPath(config.name)}?force=true`);
  else report(`there is no Worker ${config.name}`);
  if (withData && database) await remove(`the D1 database ${database.name}`, `d1/database/${database.uuid}`);
  else if (database) report(`left the D1 database ${database.name}: --with-data removes it`);
}
