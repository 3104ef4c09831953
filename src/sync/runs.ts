import { and, desc, inArray, lte, ne, sql } from "drizzle-orm";
import { type Database, runQuery, type WritableDatabase } from "../db/database.ts";
import { syncRuns } from "../db/schema.ts";

export type SyncRun = Omit<typeof syncRuns.$inferSelect, "id">;
export type Trigger = SyncRun["trigger"];

/** Three and a half days of a run every five minutes. */
const keptRuns = 1_000;

/** After such a run the store was equal to upstream. */
const isGoodRun = () => inArray(syncRuns.outcome, ["changed", "unchanged"]);

/**
 * The last good run: when it began, in milliseconds since 1970 (what it read is not older), what started it, and how many
 * warnings it had. Null where there was none. The statement names every table that readers need, so that it fails where one is missing.
 * @throws Unavailable
 */
export async function lastGoodRun(db: Database): Promise<Pick<SyncRun, "startedAt" | "trigger" | "warnings"> | null> {
  const tables = ["list_state", "oauth_sources", "source_types", "api_tokens"];
  const touched = sql.raw(tables.map((table) => `, (SELECT 1 FROM ${table} LIMIT 1)`).join(""));
  // By its id: a clock that was ahead would have the last word for as long as it was.
  const statement = sql`SELECT started_at, "trigger", warnings${touched} FROM ${syncRuns} WHERE ${isGoodRun()} ORDER BY id DESC LIMIT 1`;
  const [row] = await runQuery(() => db.values<[unknown, Trigger, unknown]>(statement));
  return row ? { startedAt: Number(row[0]), trigger: row[1], warnings: Number(row[2]) } : null;
}

/** Keeps a run, and forgets the old ones but for the last good one, in one round trip. */
export async function recordRun(db: WritableDatabase, run: SyncRun): Promise<void> {
  const newest = sql`(SELECT max(id) FROM sync_runs)`;
  const lastGood = sql`(SELECT coalesce(max(id), 0) FROM sync_runs WHERE ${isGoodRun()})`;
  const isOld = and(lte(syncRuns.id, sql`${newest} - ${keptRuns}`), ne(syncRuns.id, lastGood));
  await db.batch([db.insert(syncRuns).values(run), db.delete(syncRuns).where(isOld)]);
}

/** The newest runs, the newest first, and the last good one, however old. */
export async function listRuns(db: Pick<WritableDatabase, "select">, limit: number) {
  const newestFirst = desc(syncRuns.id);
  const runs = await db.select().from(syncRuns).orderBy(newestFirst).limit(limit);
  const [lastGood] = await db.select().from(syncRuns).where(isGoodRun()).orderBy(newestFirst).limit(1);
  return { runs, lastGood };
}
