import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@libsql/client/node";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { storeFetch } from "./store-fetch.ts";
import { readStoreUrl } from "./store-url.ts";

// The file that wrangler reads as well; what is in the environment already goes before it.
if (existsSync(".dev.vars")) process.loadEnvFile(".dev.vars");

export type Store = LibSQLDatabase & { $client: Client };

/** The store that every tool works on: `LIBSQL_URL`, or a file below a folder that git ignores. */
export const storeUrl = process.env.LIBSQL_URL || "file:.data/sources.db";

/** Milliseconds to wait for another process that writes to the same file. */
const timeout = 10_000;

/**
 * Opens a store by its URL: `file:PATH`, `http(s)://…` or `libsql://…`. Nothing is sent to a server before the first query.
 * @throws UsageError for another, and where the token would go over the network in the clear
 */
export function openStore(url = storeUrl, authToken = process.env.LIBSQL_AUTH_TOKEN): Store {
  const { file, shown } = readStoreUrl(url, authToken);
  if (file) mkdirSync(dirname(file), { recursive: true });
  return drizzle({
    client: createClient({ url, timeout, fetch: storeFetch(shown), ...(authToken && { authToken }) }),
  });
}

/** Applies the migrations that the store lacks. */
export async function migrateStore(db: LibSQLDatabase): Promise<void> {
  await migrate(db, { migrationsFolder: fileURLToPath(new URL("../drizzle", import.meta.url).href) });
}
