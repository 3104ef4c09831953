import { env } from "cloudflare:workers";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { inject } from "vitest";
import type { Database } from "../../src/db/database.ts";
import type { SourcesPage } from "../../src/source/source.ts";
import type { Bindings } from "../../src/worker.ts";
import { labStoreUrl, openLabStore } from "./lab-store.ts";

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

export { deniedToken, storeTokens, token } from "./lab-store.ts";

/** What authentik answered: a file of `conformance/fixtures`. */
export async function readFixture(name: "company" | "company-2026" | "adversarial" | "many"): Promise<SourcesPage> {
  return (await fetch(`${inject("labUrl")}/conformance/fixtures/${name}`)).json();
}

/** A store of its own, empty but for the tokens: a real libSQL server on loopback. */
export const createStore = () => openLabStore(labStoreUrl(crypto.randomUUID()));

/** The store of the Worker that the test runner runs. */
export const mainStore = () => openLabStore((env as Bindings).LIBSQL_URL ?? "");
