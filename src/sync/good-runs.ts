import { inArray, max } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { syncRuns } from "../db/schema.ts";

/** After such a run the store was equal to upstream. */
export const isGoodRun = () => inArray(syncRuns.outcome, ["changed", "unchanged"]);

/** When the last good run began: what it read is not older. */
export const selectLastGoodStart = (db: Pick<Database, "select">) =>
  db
    .select({ startedAt: max(syncRuns.startedAt) })
    .from(syncRuns)
    .where(isGoodRun());
