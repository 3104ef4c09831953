import { writeFetch } from "../db/fetch.ts";
import { openLibsql } from "../db/libsql.ts";
import type { Settings } from "../settings.ts";
import { syncSources } from "./sync-sources.ts";

/**
 * The Worker's scheduled job: a run of the sync, where a token of authentik is configured, then the caches are told. It logs
 * one line of JSON and never throws for upstream's faults: the next run comes by itself, and the store keeps what became
 * of this one.
 * @param invalidate marks all cached lists stale, where the platform keeps them
 */
export async function scheduledSync({ sync, libsql }: Settings, invalidate: () => Promise<unknown>): Promise<void> {
  const { upstream = "", token, allowRemovals } = sync;
  if (!token) return;
  const run = await syncSources(openLibsql({ ...libsql, fetch: writeFetch() }), { upstream, token, allowRemovals });
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
