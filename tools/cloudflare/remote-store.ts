import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { innermostCause } from "../../src/base/describe-error.ts";
import type { WritableDatabase } from "../../src/db/database.ts";
import { listState, oauthSources } from "../../src/db/schema.ts";
import { Superseded } from "../../src/sync/sync-error.ts";
import type { Io } from "../command.ts";
import { connectAccount } from "./account.ts";
import { type Cloudflare, isUnanswered } from "./api.ts";
import { readDeployConfig } from "./config.ts";
import { openRemoteD1 } from "./d1.ts";
import { migrateDeployed, refuseOtherDatabase } from "./migrations.ts";
import { readWorker } from "./worker.ts";
import { runWrangler, type WranglerOptions } from "./wrangler.ts";

interface RemoteD1 {
  cloudflare: Cloudflare;
  databaseId: string;
}

/**
 * Finds the D1 that the deployed Worker reads.
 * @throws Error where it reads none
 */
async function findRemoteD1(io: Io): Promise<RemoteD1> {
  const config = await readDeployConfig();
  const cloudflare = await connectAccount(io, config);
  const worker = await readWorker(cloudflare, config.name);
  if (!worker)
    throw new Error(`there is no Worker ${config.name} yet: \`npm run setup\` or \`npm run deploy\` makes it`);
  if (worker.hasLibsql) {
    throw new Error(
      `the Worker ${config.name} reads LIBSQL_URL and not its D1: set LIBSQL_URL, and leave --remote out`,
    );
  }
  if (!worker.databaseId) throw new Error(`the Worker ${config.name} has no D1 as DB: \`npm run deploy\` binds it`);
  return { cloudflare, databaseId: worker.databaseId };
}

/**
 * The same, for wrangler, which goes by its configuration.
 * @throws Error where that means another D1
 */
async function findForWrangler(io: Io): Promise<RemoteD1 & { options: WranglerOptions }> {
  const { cloudflare, databaseId } = await findRemoteD1(io);
  const config = await readDeployConfig();
  await refuseOtherDatabase(cloudflare, config, databaseId);
  if ((config.databaseId ?? databaseId) !== databaseId) {
    throw new Error(
      "wrangler.toml has the id of another D1 than the deployed Worker: `npm run deploy` migrates and binds it",
    );
  }
  const env = { ...io.env, CLOUDFLARE_ACCOUNT_ID: cloudflare.account };
  return { cloudflare, databaseId, options: { env, secrets: cloudflare.secrets } };
}

/** @returns how many migrations were missing */
export async function migrateRemoteD1(io: Io): Promise<number> {
  const { cloudflare, databaseId, options } = await findForWrangler(io);
  return migrateDeployed(cloudflare, databaseId, options);
}

/** Runs SQL that is more than one batch may have: as a file, which Cloudflare takes as a whole or not at all. */
export async function runFileOnRemoteD1(io: Io, sqlText: string): Promise<void> {
  const { cloudflare, databaseId, options } = await findForWrangler(io);
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-"));
  try {
    const file = join(folder, "sources.sql");
    writeFileSync(file, sqlText, { mode: 0o600 });
    await runWrangler(["d1", "execute", "DB", "--remote", "--yes", "--file", file], options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  refusePart(await readCount(openRemoteD1(cloudflare, databaseId)));
}

/** Opens the deployed D1 for as long as `use` takes, and checks what was written. */
export async function withRemoteD1<T>(io: Io, use: (db: WritableDatabase) => Promise<T>): Promise<T> {
  const { cloudflare, databaseId } = await findRemoteD1(io);
  return checked(openRemoteD1(cloudflare, databaseId), use);
}

interface ListCount {
  revision: number;
  /** As the state has it, and as it is. */
  count: number;
  counted: number;
}

async function readCount(db: WritableDatabase): Promise<ListCount> {
  const [row = []] = await db.values<unknown[]>(
    sql`SELECT ${listState.revision}, ${listState.count}, (SELECT count(*) FROM ${oauthSources}) FROM ${listState}`,
  );
  return { revision: Number(row[0]), count: Number(row[1]), counted: Number(row[2]) };
}

/**
 * Whether Cloudflare's API runs a batch as one transaction is not documented: so the list is looked at before and afterwards, and
 * where an answer was lost it is said what became of the write.
 * @throws Error where a write was applied in part
 */
async function checked<T>(db: WritableDatabase, use: (db: WritableDatabase) => Promise<T>): Promise<T> {
  const before = await readCount(db);
  const result = await use(db).catch(async (error: unknown) => {
    if (error instanceof Superseded) throw new Error("another writer was faster each time: run the same command again");
    const cause = innermostCause(error);
    if (!isUnanswered(cause)) throw error;
    const after = await readCount(db);
    refusePart(after);
    const outcome =
      after.revision === before.revision
        ? "the list is as it was"
        : "the list has changed all the same, and the same command finds what is missing";
    throw new Error(`${cause.message}; ${outcome}`);
  });
  refusePart(await readCount(db));
  return result;
}

function refusePart({ count, counted }: ListCount): void {
  if (count === counted) return;
  throw new Error(
    `the deployed D1 has ${counted} sources, and its state says ${count}: a write was applied in part, so run the same command again`,
  );
}
