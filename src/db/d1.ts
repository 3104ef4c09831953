import { type AnyD1Database, drizzle } from "drizzle-orm/d1";
import type { WritableDatabase } from "./database.ts";

/**
 * Opens a D1 database, or a session over it. Nothing is sent before the first query.
 * @param onQuery called before every query that goes out, batches excepted
 */
export function openD1(
  client: Pick<AnyD1Database, "prepare" | "batch">,
  onQuery: () => void = () => {},
): WritableDatabase {
  // Drizzle's types know the whole binding alone; of it, Drizzle calls what a session has as well.
  return drizzle(client as AnyD1Database, { logger: { logQuery: onQuery } });
}
