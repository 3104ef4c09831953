import { readdirSync } from "node:fs";
import { sql } from "drizzle-orm";
import type { WritableDatabase } from "../../src/db/database.ts";
import type { Cloudflare } from "./api.ts";
import type { DeployConfig } from "./config.ts";
import { openRemoteD1 } from "./d1.ts";
import { readDatabase } from "./worker.ts";
import { runWrangler, type WranglerOptions } from "./wrangler.ts";

const folder = new URL("../../drizzle", import.meta.url);

/**
 * Applies the migrations that a deployed D1 lacks, by wrangler, which keeps account of them.
 * @param args for wrangler, where its configuration is another
 * @returns how many there were
 */
export async function migrateDeployed(
  cloudflare: Cloudflare,
  databaseId: string,
  options: WranglerOptions,
  args: string[] = [],
): Promise<number> {
  const applied = await appliedMigrations(openRemoteD1(cloudflare, databaseId));
  const missing = readdirSync(folder).filter((name) => name.endsWith(".sql") && !applied.has(name));
  if (missing.length === 0) return 0;
  await runWrangler(["d1", "migrations", "apply", "DB", "--remote", ...args], options);
  return missing.length;
}

async function appliedMigrations(db: WritableDatabase): Promise<Set<string>> {
  const tables = await db.values(sql`SELECT name FROM sqlite_master WHERE name = 'd1_migrations'`);
  const rows = tables.length > 0 ? await db.values<[string]>(sql`SELECT name FROM d1_migrations`) : [];
  return new Set(rows.map(([name]) => name));
}

/**
 * A deployment binds the database that has the name of the configuration, unless that has an id: where the Worker has another one,
 * it would lose that.
 * @throws Error
 */
export async function refuseOtherDatabase(
  cloudflare: Cloudflare,
  { databaseId, databaseName, name }: DeployConfig,
  boundId: string | undefined,
): Promise<void> {
  if (boundId === undefined || databaseId !== undefined) return;
  const bound = await readDatabase(cloudflare, boundId);
  if (!bound || bound.name === databaseName) return;
  throw new Error(
    `the Worker ${name} has the D1 database ${bound.name}, which this deployment would take away: write database_name = "${bound.name}" and database_id = "${bound.uuid}" below [[d1_databases]] in wrangler.toml`,
  );
}
