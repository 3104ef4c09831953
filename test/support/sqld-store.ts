import { asc } from "drizzle-orm";
import { listState, oauthSources, sourceTypes, syncRuns } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { migrateStore, openStore } from "../../tools/store.ts";

export interface SqldStoreOptions {
  url: string;
  /** The server's own, where it asks for one. */
  authToken?: string | undefined;
}

/** The token that readers of the Worker have. */
export const readerToken = "sqld-reader";

/** A store on a server that runs already: with its tables, the given sources, and a reader's token. */
export async function createSqldStore({ url, authToken }: SqldStoreOptions, rows: unknown[] = []) {
  const db = openStore(url, authToken);
  await migrateStore(db);
  await replaceSources(db, readList(rows), { now: Date.now() });
  await storeToken(db, readerToken, { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null });
  return {
    variables: { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken ?? "" },
    /** What readers see: the first words of all names, how many sources, and the revision. */
    async look() {
      const [sources, types, [state]] = await db.batch([
        db.select().from(oauthSources).orderBy(asc(oauthSources.pk)),
        db.select().from(sourceTypes).orderBy(asc(sourceTypes.position)),
        db.select().from(listState),
      ]);
      const names = [...new Set(sources.map(({ name }) => String(name).split(" ")[0]))].join();
      return { names, count: sources.length, counted: state?.count, types, revision: state?.revision ?? 0 };
    },
    lastRun: async () => (await db.select().from(syncRuns).orderBy(asc(syncRuns.id))).at(-1),
  };
}
