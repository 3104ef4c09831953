import type { Settings } from "../settings.ts";
import type { Kind } from "../store/key.ts";
import { openD1 } from "./d1.ts";
import type { Database, WritableDatabase } from "./database.ts";
import { readFetch, writeFetch } from "./fetch.ts";
import { openLibsql } from "./libsql.ts";

/** The Worker's store. Each function opens it, and throws Unavailable where it cannot. */
export interface Store {
  /** @param onRequest called before every request to the store */
  forReading: (kind: Kind, onRequest: () => void) => Database;
  forWriting: () => WritableDatabase;
}

const libsqlStore = (libsql: Settings["libsql"]): Store => ({
  forReading: (_, onRequest) => openLibsql({ ...libsql, fetch: readFetch({ onRequest }) }),
  forWriting: () => openLibsql({ ...libsql, fetch: writeFetch() }),
});

/**
 * Lists come from the nearest replica, where the database has any. Tokens come from the primary, since a replica may be behind by
 * any time, and a revocation takes effect within 60 s; so do the reads of a writer, whose guard would otherwise fail each time.
 */
const d1Store = (DB: D1Database): Store => ({
  forReading: (kind, onRequest) => openD1(kind === "token" ? DB : DB.withSession("first-unconstrained"), onRequest),
  forWriting: () => openD1(DB),
});

/**
 * D1 where it is bound, libSQL elsewhere.
 * @throws Error where both are configured
 */
export function storeOf(DB: D1Database | undefined, libsql: Settings["libsql"]): Store {
  if (!DB) return libsqlStore(libsql);
  if (libsql.url)
    throw new Error("the configuration is wrong: both LIBSQL_URL and the D1 binding DB are there, and each is a store");
  return d1Store(DB);
}
