import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@libsql/client/node";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import type { Surroundings } from "./command.ts";
import { storeFetch } from "./store-fetch.ts";
import { readStoreUrl } from "./store-url.ts";

export type Store = LibSQLDatabase & { $client: Client };

/** The store that every tool works on: `LIBSQL_URL`, or a file below a folder that git ignores. */
export const storeUrlOf = (env: NodeJS.ProcessEnv): string => env.LIBSQL_URL || "file:.data/sources.db";

/** Milliseconds to wait for another process that writes to the same file. */
const timeout = 10_000;

/**
 * Opens a store by its URL: `file:PATH`, `http(s)://…` or `libsql://…`. Nothing is sent to a server before the first query.
 * @param deadlineMs for one request to a server. @default 10 s
 * @throws UsageError for another, and where the token would go over the network in the clear
 */
export function openStore(url: string, authToken?: string, deadlineMs?: number): Store {
  const { file, shown } = readStoreUrl(url, authToken);
  if (file) mkdirSync(dirname(file), { recursive: true });
  return drizzle({
    client: createClient({ url, timeout, fetch: storeFetch(shown, deadlineMs), ...(authToken && { authToken }) }),
  });
}

/** Opens the one at `LIBSQL_URL` for as long as `use` takes. */
export async function withLibsql<T>(
  { env, storeMs }: Pick<Surroundings, "env" | "storeMs">,
  use: (db: Store) => Promise<T>,
): Promise<T> {
  const db = openStore(storeUrlOf(env), env.LIBSQL_AUTH_TOKEN, storeMs);
  try {
    return await use(db);
  } finally {
    db.$client.close();
  }
}

/** Applies the migrations that the store lacks. */
export async function migrateStore(db: LibSQLDatabase): Promise<void> {
  await migrate(db, { migrationsFolder: fileURLToPath(new URL("../drizzle", import.meta.url).href) });
}
