import { printable } from "../base/printable.ts";
import type { WritableDatabase } from "../db/database.ts";
import { syncIssuerKeys } from "./issuer-keys.ts";
import { syncSources, upstreamOptions } from "./run.ts";
import type { Trigger } from "./runs.ts";

export interface SyncJobOptions {
  /** Opens the store. */
  database: () => WritableDatabase;
  /** As configured; without a token there is no list to read. */
  sync: { upstream: string | undefined; token: string | undefined; allowRemovals: boolean };
  /** Whose public keys are read. */
  issuers: readonly string[];
  trigger: Trigger;
  /**
   * Marks stale what the platform keeps.
   * @param what all that a run may change, or what icons there are
   */
  invalidate: (what: "all" | "icons") => Promise<unknown>;
}

/**
 * The Worker's job: a run of the sync, where a token of authentik is configured, and the keys of issuers; then the caches are told. It
 * logs one line of JSON and never throws for upstream's faults: the next run comes by itself, and the store keeps what became of this one.
 * @returns whether all is well: false where the run has failed, or others have overtaken it
 */
export async function syncJob({ database, sync, issuers, trigger, invalidate }: SyncJobOptions): Promise<boolean> {
  const { upstream = "", token, allowRemovals } = sync;
  if (!token) return issuers.length === 0 || syncKeys(database(), issuers, invalidate);
  const changed = new Set<"keys" | "icons">();
  const run = await syncSources(database(), {
    ...{ upstream, token, issuers, icons: true, allowRemovals, trigger },
    onKeysChanged: () => changed.add("keys"),
    onIcons: (icons) => icons.changed > 0 && changed.add("icons"),
  });
  const log = run.error === null || run.outcome === "superseded" ? console.log : console.error;
  log(printable(JSON.stringify({ job: "sync", ...run })));
  if (run.outcome === "changed" || changed.has("keys")) await tell(() => invalidate("all"));
  else if (changed.has("icons")) await tell(() => invalidate("icons"));
  return run.outcome === "changed" || run.outcome === "unchanged";
}

/** Without a list there is no run to record: what is odd is in the log alone. */
async function syncKeys(db: WritableDatabase, issuers: readonly string[], invalidate: SyncJobOptions["invalidate"]) {
  const { isChanged, warnings } = await syncIssuerKeys(db, issuers, upstreamOptions({ token: undefined }));
  console.log(
    printable(JSON.stringify({ job: "keys", isChanged, warnings: warnings.count, firstWarnings: warnings.first })),
  );
  if (isChanged) await tell(() => invalidate("all"));
  return warnings.count === 0;
}

async function tell(invalidate: () => Promise<unknown>): Promise<void> {
  try {
    await invalidate();
  } catch (error) {
    // What is cached runs out by itself, after fresh and stale-while-revalidate.
    const reason = error instanceof Error ? error.message : String(error);
    console.error(JSON.stringify({ job: "sync", error: `the cache could not be told: ${reason}` }));
  }
}
