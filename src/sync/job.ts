import type { WritableDatabase } from "../db/database.ts";
import { printable } from "../printable.ts";
import { syncSources } from "./run.ts";
import type { Trigger } from "./runs.ts";

export interface SyncJobOptions {
  /** Opens the store. */
  database: () => WritableDatabase;
  /** As configured; without a token the job does nothing. */
  sync: { upstream: string | undefined; token: string | undefined; allowRemovals: boolean };
  trigger: Trigger;
  /** Marks all cached lists stale, where the platform keeps them. */
  invalidate: () => Promise<unknown>;
}

/**
 * The Worker's job: a run of the sync, where a token of authentik is configured, then the caches are told. It logs one line of
 * JSON and never throws for upstream's faults: the next run comes by itself, and the store keeps what became of this one.
 * @returns whether all is well: false where the run has failed, or others have overtaken it
 */
export async function syncJob({ database, sync, trigger, invalidate }: SyncJobOptions): Promise<boolean> {
  const { upstream = "", token, allowRemovals } = sync;
  if (!token) return true;
  const run = await syncSources(database(), { upstream, token, allowRemovals, trigger });
  const log = run.error === null || run.outcome === "superseded" ? console.log : console.error;
  log(printable(JSON.stringify({ job: "sync", ...run })));
  if (run.outcome !== "changed") return run.outcome === "unchanged";
  try {
    await invalidate();
  } catch (error) {
    // Cached lists run out by themselves, after fresh and stale-while-revalidate.
    const reason = error instanceof Error ? error.message : String(error);
    console.error(JSON.stringify({ job: "sync", error: `the cache could not be told: ${reason}` }));
  }
  return true;
}
