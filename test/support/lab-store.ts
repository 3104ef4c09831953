import { createClient } from "@libsql/client/http";
import { drizzle } from "drizzle-orm/libsql/http";
import { inject } from "vitest";
import type { WritableDatabase } from "../../src/db/database.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";

/** The token that every test store takes. */
export const token = "test-token";
/** A token that is known, but may view nothing. */
export const deniedToken = "denied-token";

/** The address of a store of the lab, see lab.ts. */
export const labStoreUrl = (name: string) => `${inject("labUrl")}/${name}/`;

/** Opens a store of the lab, and gives it its tokens. */
export async function openLabStore(url: string) {
  const db = drizzle({ client: createClient({ url }) });
  await storeTokens(db);
  return {
    url,
    db,
    bindings: { LIBSQL_URL: url },
    open: () => openLibsql({ url }),
    load: (list: unknown) => replaceSources(db, readList(list), { now: Date.now() }),
    fault: (name: string) => fetch(`${url}fault`, { method: "PUT", body: name }),
    requests: async () => Number(await (await fetch(`${url}requests`)).text()),
  };
}

export async function storeTokens(db: WritableDatabase): Promise<void> {
  const never = { createdAt: 0, expiresAt: null };
  await storeToken(db, token, { name: "test", scope: "sources:read", ...never });
  await storeToken(db, deniedToken, { name: "denied", scope: "none", ...never });
}
