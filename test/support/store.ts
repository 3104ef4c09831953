import { env } from "cloudflare:workers";
import { createClient } from "@libsql/client/http";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { drizzle } from "drizzle-orm/libsql/http";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { inject } from "vitest";
import type { Database } from "../../src/db/database.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import type { SourcesPage } from "../../src/source/source.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import type { Bindings } from "../../src/worker.ts";

const labUrl = inject("labUrl");

export type TestStore = Awaited<ReturnType<typeof createStore>>;

/** A store of whichever engine, with its tables and tokens. */
export interface AnyStore {
  db: BaseSQLiteDatabase<"async", unknown> & Pick<LibSQLDatabase, "batch">;
  /** What the Worker is given to find it. */
  bindings: Pick<Bindings, "LIBSQL_URL" | "DB">;
  /** Opens it as the Worker does for its readers. */
  open: () => Database;
  /** Replaces the sources by those of a list in the API's format. */
  load: (list: unknown) => Promise<unknown>;
  /** Sets what happens to every request from now on: of libSQL one of `faults.ts`, of D1 one of `d1-store.ts`. */
  fault: (name: string) => Promise<unknown>;
  /** How often the store has been asked. */
  requests: () => Promise<number>;
}

/** The token that every test store takes. */
export const token = "test-token";
/** A token that is known, but may view nothing. */
export const deniedToken = "denied-token";

/** What authentik answered: a file of `conformance/fixtures`. */
export async function readFixture(name: "company" | "company-2026" | "adversarial" | "many"): Promise<SourcesPage> {
  return (await fetch(`${labUrl}/conformance/fixtures/${name}`)).json();
}

/** A store of its own, empty but for the tokens: a real libSQL server on loopback. */
export const createStore = () => openStore(`${labUrl}/${crypto.randomUUID()}/`);

/** The store of the Worker that the test runner runs. */
export const mainStore = () => openStore((env as Bindings).LIBSQL_URL ?? "");

async function openStore(url: string) {
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
  } satisfies AnyStore & { url: string };
}

export async function storeTokens(db: AnyStore["db"]): Promise<void> {
  const never = { createdAt: 0, expiresAt: null };
  await storeToken(db, token, { name: "test", scope: "sources:read", ...never });
  await storeToken(db, deniedToken, { name: "denied", scope: "none", ...never });
}
