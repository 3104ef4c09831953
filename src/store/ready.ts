import { sql } from "drizzle-orm";
import * as z from "zod/mini";
import { finiteNumber } from "../base/number-schema.ts";
import { Unavailable } from "../base/unavailable.ts";
import { type Database, runQuery } from "../db/database.ts";
import { isGoodRun } from "../db/good-run.ts";
import { syncRuns } from "../db/schema.ts";

/** The state of a store that answers. */
export const readinessSchema = z.object({
  /** When the last good run of the sync began, in milliseconds since 1970: what it read is not older. Null: there was none. */
  syncedAt: z.nullable(finiteNumber),
  /** What started that run. */
  trigger: z.optional(z.enum(syncRuns.trigger.enumValues)),
  /** How many warnings it had. */
  warnings: z.optional(finiteNumber),
  /** How many icons the store has, and how many could not be had when they were last asked for. */
  icons: z.optional(z.object({ stored: finiteNumber, failed: finiteNumber })),
  /** Whether there is no source, where there was no good run. */
  isEmpty: z.optional(z.boolean()),
  /** The command that makes the missing table: the store is not ready then. */
  remedy: z.optional(z.string()),
});

export type Readiness = z.infer<typeof readinessSchema>;

/**
 * Reads whether the store is well. The statement names every table that readers need, so that it fails where one is missing.
 * @throws Unavailable
 */
export async function readReadiness(db: Database): Promise<Readiness> {
  const tables = ["oauth_sources", "list_state", "source_types", "api_tokens"];
  const touched = sql.raw(tables.map((table) => `, (SELECT 1 FROM ${table} LIMIT 1)`).join(""));
  // By its id: a clock that was ahead would have the last word for as long as it was.
  const lastRun = sql`SELECT started_at, "trigger", warnings FROM ${syncRuns} WHERE ${isGoodRun()} ORDER BY id DESC LIMIT 1`;
  const icons = sql`(SELECT count(digest) FROM icons), (SELECT count(problem) FROM icons)`;
  const statement = sql`SELECT run.started_at, run."trigger", run.warnings, ${icons}${touched} FROM (SELECT 1) LEFT JOIN (${lastRun}) AS run`;
  try {
    const [row] = await runQuery(() => db.values<[unknown, Readiness["trigger"], ...unknown[]]>(statement));
    if (!row || row[0] === null) return { syncedAt: null, isEmpty: row?.[5] === null };
    const icons = { stored: Number(row[3]), failed: Number(row[4]) };
    return { syncedAt: Number(row[0]), trigger: row[1], warnings: Number(row[2]), icons };
  } catch (error) {
    if (error instanceof Unavailable && error.remedy) return { syncedAt: null, remedy: error.remedy };
    throw error;
  }
}
