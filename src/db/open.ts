import { openD1 } from "./d1.ts";
import type { Database, StoreKind, WritableDatabase } from "./database.ts";
import { type LibsqlOptions, openLibsql } from "./libsql.ts";

/** The Worker's store. Each function opens it, and throws Unavailable where it cannot. */
export interface Store {
  kind: StoreKind;
  /**
   * @param isPrimary whether only the primary will do
   * @param onRequest called before every request to the store
   */
  forReading: (isPrimary: boolean, onRequest: () => void) => Database;
  forWriting: () => WritableDatabase;
}

type LibsqlAddress = Pick<LibsqlOptions, "url" | "authToken">;

const libsqlStore = (libsql: LibsqlAddress): Store => ({
  kind: "libsql",
  forReading: (_, onRequest) => openLibsql({ ...libsql, onRequest }),
  forWriting: () => openLibsql({ ...libsql, isWritable: true }),
});

/**
 * Lists come from the nearest replica, where the database has any. Tokens come from the primary, since a replica may be behind by
 * any time, and a revocation takes effect within 60 s; so do the reads of a writer, whose guard would otherwise fail each time.
 */
const d1Store = (DB: D1Database): Store => ({
  kind: "d1",
  forReading: (isPrimary, onRequest) => openD1(isPrimary ? DB : DB.withSession("first-unconstrained"), onRequest),
  forWriting: () => openD1(DB),
});

/** The libSQL database at `LIBSQL_URL`, where that is set; the D1 that is bound elsewhere. */
export const storeOf = (DB: D1Database | undefined, libsql: LibsqlAddress): Store =>
  libsql.url || !DB ? libsqlStore(libsql) : d1Store(DB);
