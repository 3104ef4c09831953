import { type AnyD1Database, DrizzleD1Database, SQLiteD1Session } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { WritableDatabase } from "./database.ts";

const dialect = new SQLiteAsyncDialect();

/**
 * Opens a D1 database, or a session over it. Nothing is sent before the first query.
 * @param onQuery called before every query that goes out, batches excepted
 */
export function openD1(
  client: Pick<AnyD1Database, "prepare" | "batch">,
  onQuery: () => void = () => {},
): WritableDatabase {
  // Drizzle's types know the whole binding alone; of it, Drizzle calls what a session has as well.
  const session = new SQLiteD1Session(client as AnyD1Database, dialect, undefined, { logger: { logQuery: onQuery } });
  // What `drizzle(client)` makes, without what that brings for relations.
  return new DrizzleD1Database("async", dialect, session, undefined);
}
