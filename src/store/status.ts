import { sql } from "drizzle-orm";
import { Unavailable } from "../base/unavailable.ts";
import { type Database, runQuery } from "../db/database.ts";
import { isGoodRun } from "../db/good-run.ts";
import type { RunWarning, syncRuns } from "../db/schema.ts";
import { jsonResponse, type Route } from "./routes.ts";

type Run = Pick<typeof syncRuns.$inferSelect, "outcome" | "trigger" | "warnings">;

/** The status of the store, for whoever may view sources: without an address of authentik or of the store. */
export interface StoreStatus {
  sources: number;
  /** How many icons the store has, how many could not be had when they were last asked for, and the slugs of ten of these. */
  icons: { stored: number; failed: number; first_failed: string[] };
  /** The warnings of the last good run. */
  warnings: { count: number; first: Pick<RunWarning, "source" | "key" | "what">[] };
  /** The last ten, the newest first. */
  runs: (Run & { started_at: string; duration_ms: number; reason: string | null })[];
}

/** No cache keeps it. */
export const statusRoute: Route = {
  path: /^\/status$/,
  read: async (db) => ({ value: jsonResponse(await readStatus(db)), freshness: undefined }),
};

/** @throws Unavailable */
async function readStatus(db: Database): Promise<StoreStatus> {
  const failed = sql`SELECT DISTINCT slug FROM icons JOIN oauth_sources USING (pk) WHERE problem IS NOT NULL ORDER BY slug LIMIT 10`;
  const warning = sql`json_object('source', value ->> 'source', 'key', value ->> 'key', 'what', value ->> 'what')`;
  const statement = sql`SELECT json_object('sources', count,
    'icons', (SELECT json_object('stored', count(digest), 'failed', count(problem),
      'first_failed', (SELECT json_group_array(slug) FROM (${failed}))) FROM icons),
    'warnings', (SELECT json_object('count', warnings, 'first', (SELECT json_group_array(${warning}) FROM json_each(first_warnings)))
      FROM sync_runs WHERE ${isGoodRun()} ORDER BY id DESC LIMIT 1),
    'runs', (SELECT json_group_array(json_object('started_at', strftime('%Y-%m-%dT%H:%M:%SZ', started_at / 1000, 'unixepoch'),
      'duration_ms', duration_ms, 'trigger', "trigger", 'outcome', outcome, 'warnings', warnings, 'upstream', upstream, 'reason', error))
      FROM (SELECT * FROM sync_runs ORDER BY id DESC LIMIT 10))) FROM list_state`;
  const [row] = await runQuery(() => db.values<[string]>(statement));
  if (!row) throw new Unavailable("the store does not tell its status");
  const status: StoreStatus & { runs: { upstream?: string }[] } = JSON.parse(row[0]);
  for (const run of status.runs) {
    run.reason &&= withoutAddresses(run.reason, run.upstream ?? "");
    delete run.upstream;
  }
  return { ...status, warnings: status.warnings ?? { count: 0, first: [] } };
}

const address = /https?:\/\/\S+?(?=[,:]?(\s|$))/g;

/** Words of upstream may hold its bare host; those of the store may hold the store's, in whatever form. */
function withoutAddresses(reason: string, upstream: string): string {
  if (reason.startsWith("the store failed")) return "the store failed";
  const { origin, hostname } = URL.parse(upstream) ?? { origin: "", hostname: "" };
  const words = reason.replace(address, (found) =>
    `${found}/`.startsWith(`${origin}/`) ? "authentik" : "another address",
  );
  return hostname.includes(".") ? words.replaceAll(hostname, "authentik") : words;
}
