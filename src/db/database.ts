import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { Unavailable } from "../unavailable.ts";

type AnyDatabase = BaseSQLiteDatabase<"async", unknown>;

/**
 * What readers need of the store: a Drizzle database over libSQL or over D1. Rows of `values` are read by index: those of
 * libSQL are like arrays, and cannot be iterated.
 */
export type Database = Pick<AnyDatabase, "select" | "values">;

/** What writers need of it. A batch is one round trip, and atomic. */
export type WritableDatabase = Database &
  Pick<AnyDatabase, "insert" | "update" | "delete"> &
  Pick<LibSQLDatabase, "batch">;

/**
 * Runs a query; whatever keeps the store from answering comes out as one error.
 * @throws Unavailable
 */
export async function runQuery<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const table = missingTable(error);
    throw new Unavailable(
      table === undefined
        ? "the store did not answer"
        : `the store lacks the table ${table}: run \`npm run db:migrate\`, or \`wrangler d1 migrations apply\` for D1`,
      { cause: error },
    );
  }
}

/** SQLite says it in words alone, whichever driver passes them on. */
function missingTable(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /no such table: (\w+)/.exec(error.message)?.[1] ?? missingTable(error.cause);
}
