import { openD1 } from "./d1.ts";
import type { Database, WritableDatabase } from "./database.ts";
import { type LibsqlOptions, openLibsql } from "./libsql.ts";

/** The Worker's store. Each function opens it, and throws Unavailable where it cannot. */
export interface Store {
  /**
   * @param isPrimary whether only the primary will do
   * @param onRequest called before every request to the store
   */
  forReading: (isPrimary: boolean, onRequest: () => void) => Database;
  forWriting: () => WritableDatabase;
}

type LibsqlAddress = Pick<LibsqlOptions, "url" | "authToken">;

const libsqlStore = (libsql: LibsqlAddress): Store => ({
  forReading: (_, onRequest) => openLibsql({ ...libsql, onRequest }),
  forWriting: () => openLibsql({ ...libsql, isWritable: true }),
});

/**
 * Lists come from the nearest replica, where the database has any. Tokens come from the primary, since a replica may be behind by
 * any time, and a revocation takes effect within 60 s; so do the reads of a writer, whose guard would otherwise fail each time.
 */
const d1Store = (DB: D1Database): Store => ({
  forReading: (isPrimary, onRequest) => openD1(isPrimary ? DB : DB.withSession("first-unconstrained"), onRequest),
  forWriting: () => openD1(DB),
});

/**
 * D1 where it is bound, libSQL elsewhere.
 * @throws Error where both are configured
 */
export function storeOf(DB: D1Database | undefined, libsql: LibsqlAddress): Store {
  if (!DB) return libsqlStore(libsql);
  if (libsql.url)
    throw new Error("the configuration is wrong: both LIBSQL_URL and the D1 binding DB are there, and each is a store");
  return d1Store(DB);
}
