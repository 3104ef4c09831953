import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { withDeadline } from "../base/deadline.ts";
import { Unavailable } from "../base/unavailable.ts";

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

/** For a query with all its attempts, which over libSQL `readFetch` makes. D1 itself would give up after 30 s. */
const queryMs = 4_000;

/**
 * Runs a query of a reader; whatever keeps the store from answering comes out as one error.
 * @throws Unavailable
 */
export async function runQuery<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(run(), queryMs, late);
  } catch (error) {
    const missing = missingPart(error);
    throw new Unavailable(
      missing === undefined
        ? "the store did not answer"
        : `the store lacks the ${missing}: run \`npm run db:migrate\`, or \`wrangler d1 migrations apply\` for D1`,
      { cause: error },
    );
  }
}

const late = () => new Error(`no answer within ${queryMs / 1000} s`);

/** A table or a column, by its name. SQLite says it in words alone, whichever driver passes them on. */
function missingPart(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, kind, name] = /no such (table|column): "?([\w.]+)/.exec(error.message) ?? [];
  return kind ? `${kind} ${name}` : missingPart(error.cause);
}
