import { writeFetch } from "../db/fetch.ts";
import { openLibsql } from "../db/libsql.ts";
import type { Settings } from "../settings.ts";
import { syncSources } from "./run.ts";
import type { Trigger } from "./runs.ts";

/**
 * The Worker's job: a run of the sync, where a token of authentik is configured, then the caches are told. It logs one line of
 * JSON and never throws for upstream's faults: the next run comes by itself, and the store keeps what became of this one.
 * @param invalidate marks all cached lists stale, where the platform keeps them
 */
export async function syncJob(
  { sync, libsql }: Settings,
  trigger: Trigger,
  invalidate: () => Promise<unknown>,
): Promise<void> {
  const { upstream = "", token, allowRemovals } = sync;
  if (!token) return;
  const db = openLibsql({ ...libsql, fetch: writeFetch() });
  const run = await syncSources(db, { upstream, token, allowRemovals, trigger });
  const log = run.error === null || run.outcome === "superseded" ? console.log : console.error;
  log(JSON.stringify({ job: "sync", ...run }));
  if (run.outcome !== "changed") return;
  try {
    await invalidate();
  } catch (error) {
    // The lists run out by themselves, a minute later.
    const reason = error instanceof Error ? error.message : String(error);
    console.error(JSON.stringify({ job: "sync", error: `the cache could not be told: ${reason}` }));
  }
}
