import { createHash } from "node:crypto";
import { asc } from "drizzle-orm";
import type { WritableDatabase } from "../../src/db/database.ts";
import { listState, oauthSources, sourceTypes, syncRuns } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { startLocalD1 } from "./local-d1.ts";
import { sqldPath, startSqld } from "./sqld.ts";
import { createFileStore } from "./sync-store.ts";

/** The token that readers of the Worker have. */
export const readerToken = "reader";

/** Puts sources and a reader's token into a store that has its tables. */
export async function fillStore(db: WritableDatabase, rows: unknown[]) {
  await replaceSources(db, readList(rows), { now: Date.now() });
  await storeToken(db, readerToken, { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null });
  return {
    db,
    /** What readers see: the first words of all names, how many sources, a digest of all columns, and the revision. */
    async look() {
      const [sources, types, [state]] = await db.batch([
        db.select().from(oauthSources).orderBy(asc(oauthSources.pk)),
        db.select().from(sourceTypes).orderBy(asc(sourceTypes.position)),
        db.select().from(listState),
      ]);
      const names = [...new Set(sources.map(({ name }) => String(name).split(" ")[0]))].join();
      const digest = createHash("sha256")
        .update(JSON.stringify([sources, types]))
        .digest("hex");
      return { names, count: sources.length, counted: state?.count, types, digest, revision: state?.revision ?? 0 };
    },
    sources: () => db.select().from(oauthSources).orderBy(asc(oauthSources.pk)),
    state: async () => (await db.select().from(listState))[0],
    runs: () => db.select().from(syncRuns).orderBy(asc(syncRuns.id)),
  };
}

/** Fills a store on a server that runs already and has nothing yet. */
export async function fillServer(
  { url, authToken }: { url: string; authToken?: string | undefined },
  rows: unknown[] = [],
) {
  const db = openStore(url, authToken);
  await migrateStore(db);
  return { ...(await fillStore(db, rows)), variables: { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken ?? "" } };
}

export type FilledStore = Awaited<ReturnType<typeof fillStore>> & {
  /** How a tool, or `npm run dev`, is told of it. */
  args: string[];
  variables: Record<string, string>;
  close: () => Promise<void>;
};

async function startEmbedded(rows: unknown[]): Promise<FilledStore> {
  const { file } = await createFileStore();
  const { url, close } = await startLibsqlBridge({ file });
  return { ...(await fillServer({ url }, rows)), args: [], close };
}

async function startOnSqld(rows: unknown[]): Promise<FilledStore> {
  const server = await startSqld();
  return { ...(await fillServer(server, rows)), args: [], close: server.close };
}

async function startD1(rows: unknown[]): Promise<FilledStore> {
  const { folder, db, close } = await startLocalD1();
  return { ...(await fillStore(db, rows)), args: ["--d1", "--persist-to", folder], variables: {}, close };
}

export interface StoreKind {
  name: string;
  start: (rows: unknown[]) => Promise<FilledStore>;
}

export const embeddedServer: StoreKind = { name: "the embedded server", start: startEmbedded };
export const sqld: StoreKind = { name: "sqld", start: startOnSqld };
export const d1: StoreKind = { name: "D1", start: startD1 };

/** What a deployment can have for a store, each with the given sources: for `describe.each`. */
export const stores: StoreKind[] = [embeddedServer, ...(sqldPath ? [sqld] : []), d1];
