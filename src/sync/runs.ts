import { and, desc, lte, ne, sql } from "drizzle-orm";
import type { WritableDatabase } from "../db/database.ts";
import { isGoodRun } from "../db/good-run.ts";
import { syncRuns } from "../db/schema.ts";

export type SyncRun = Omit<typeof syncRuns.$inferSelect, "id">;
export type Trigger = SyncRun["trigger"];

/** Three and a half days of a run every five minutes. */
const keptRuns = 1_000;

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
