import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AnyD1Database } from "drizzle-orm/d1";
import { openD1 } from "../src/db/d1.ts";
import type { WritableDatabase } from "../src/db/database.ts";

const config = fileURLToPath(new URL("../wrangler.toml", import.meta.url).href);

/** What wrangler calls `--persist-to`: where it keeps the local D1, unless it is told. */
export const defaultD1Folder = ".wrangler/state";

/** Under which wrangler keeps the local D1: the database's id, where somebody has written one into wrangler.toml, or the binding. */
async function localId(): Promise<string> {
  const { unstable_readConfig } = await import("wrangler");
  const [database] = unstable_readConfig({ config }).d1_databases;
  return database?.preview_database_id ?? database?.database_id ?? "DB";
}

/** Opens the local D1 that `wrangler dev` and `wrangler d1` have in the same folder. It runs until it is closed. */
export async function openLocalD1(folder: string) {
  // Here and not above: other stores do without. The runtime alone, since wrangler's getPlatformProxy() starts the Worker's other
  // bindings too, and complains of those that need its code.
  const { convertV4MiniflareOptions, Miniflare } = await import("miniflare");
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "",
      resourcePersistencePath: join(folder, "v3"),
      d1Databases: { DB: await localId() },
    }),
  );
  const DB: AnyD1Database = await runtime.getD1Database("DB");
  return { DB, db: openD1(DB), close: () => runtime.dispose() };
}

/** Opens it for as long as `use` takes. */
export async function withLocalD1<T>(folder: string, use: (db: WritableDatabase) => Promise<T>): Promise<T> {
  const { db, close } = await openLocalD1(folder);
  try {
    return await use(db);
  } finally {
    await close();
  }
}

/** Applies the migrations that the local D1 lacks: wrangler's own command, which also knows which of them are applied. */
export async function migrateLocalD1(folder: string, environment = process.env): Promise<void> {
  const wrangler = createRequire(import.meta.url).resolve("wrangler");
  const args = ["d1", "migrations", "apply", "DB", "--local", "--config", config, "--persist-to", folder];
  const env = { ...environment, CI: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  await promisify(execFile)(process.execPath, ["--no-warnings", wrangler, ...args], { env });
}
