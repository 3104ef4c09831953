import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { StoreError } from "./store-error.ts";

/** What the app asks of its store: a Drizzle database over libSQL or over D1. */
export type Database = Pick<BaseSQLiteDatabase<"async", unknown>, "select"> & Pick<LibSQLDatabase, "batch">;

/**
 * Runs a query; whatever keeps the store from answering comes out as one error.
 * @throws StoreError
 */
export async function ask<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    throw new StoreError(
      isMissingTable(error) ? "the store lacks a table: run `npm run db:migrate`" : "the store did not answer",
      {
        cause: error,
      },
    );
  }
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Error && (error.message.includes("no such table") || isMissingTable(error.cause));
}
