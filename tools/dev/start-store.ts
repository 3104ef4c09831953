import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { WritableDatabase } from "../../src/db/database.ts";
import { oauthSources } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { type NewToken, storeToken } from "../../src/tokens/admin.ts";
import { isWellFormed } from "../../src/tokens/format.ts";
import { type Io, UsageError } from "../command.ts";
import { startLibsqlBridge } from "../libsql-bridge.ts";
import { holdsSample, sampleList } from "../sample.ts";
import { migrateStore, withLibsql } from "../store.ts";

/** @throws UsageError */
export async function readDevToken({ DEV_TOKEN }: NodeJS.ProcessEnv): Promise<string> {
  const token = DEV_TOKEN || "dev-token";
  if (/^[-.~+/=\w]+$/.test(token) && (await isWellFormed(token))) return token;
  throw new UsageError(
    "DEV_TOKEN may hold letters, digits and -._~+/=, and begin with ase_ only where it is a whole token",
  );
}

export const devTokenFields = (): NewToken => ({
  name: "development",
  scope: "sources:read",
  createdAt: Date.now(),
  expiresAt: null,
});

/** Serves the file at LIBSQL_URL as a store on this machine, with its tables, sources if it has none, and the development token. */
export async function startStore(file: string, devToken: string, io: Io) {
  const sources = await withLibsql(io, async (db) => {
    await migrateStore(db);
    return fill(db, devToken, io.env);
  });
  const authToken = randomUUID();
  const server = await startLibsqlBridge({ file, authToken });
  return {
    shown: `${file}, with ${sources}`,
    /** What a Worker needs to reach it. */
    variables: { LIBSQL_URL: server.url, LIBSQL_AUTH_TOKEN: authToken },
    close: () => server.close(),
  };
}

/**
 * Puts into a store that has its tables what a start needs. The sample gives way to a sync, where one is configured.
 * @returns what is in it then, in words
 */
export async function fill(db: WritableDatabase, devToken: string, { AUTHENTIK_TOKEN }: NodeJS.ProcessEnv) {
  await storeToken(db, devToken, devTokenFields());
  if (AUTHENTIK_TOKEN && (await holdsSample(db))) await replaceSources(db, readList([]), { now: Date.now() });
  const [row] = await db.values<[number]>(sql`SELECT count(*) FROM ${oauthSources}`);
  if (AUTHENTIK_TOKEN || (row && row[0] > 0)) return `${row?.[0] ?? 0} sources`;
  const { added } = await replaceSources(db, sampleList(), { now: Date.now() });
  return `${added} sources of a sample company, since it was empty`;
}
