import { HttpClient } from "@libsql/client/http";
import { LibSQLDatabase } from "drizzle-orm/libsql/driver-core";
import { LibSQLSession } from "drizzle-orm/libsql/session";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { isInTheClear } from "../http/http-url.ts";
import { Unavailable } from "../unavailable.ts";

export interface LibsqlOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  url: string | undefined;
  /** The database's own token, where it asks for one. */
  authToken?: string | undefined;
  /** `readFetch` for a database that is only read, `writeFetch` for one that is written to. @default the global fetch */
  fetch?: typeof fetch;
}

const dialect = new SQLiteAsyncDialect();

/** Says what is right and not what was given, which may hold a password or a token. */
const wrongUrl = "LIBSQL_URL must be a libsql://, https:// or http:// URL without a user, a password or a query";

export const tokenInTheClear =
  "LIBSQL_AUTH_TOKEN would go over the network in the clear: LIBSQL_URL must be https:// or of this machine";

/** The address over HTTP. */
function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text.replace(/^libsql:(?=\/\/)/i, "https:"));
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username || url.password || url.search || url.hash ? undefined : url;
}

/**
 * Opens a libSQL database over HTTP. Nothing is sent before the first query.
 * @throws Unavailable where there is no URL, or not one that can be reached over HTTP, or where the token would go over the
 * network in the clear
 */
export function openLibsql({ url, authToken, fetch = globalThis.fetch }: LibsqlOptions): LibSQLDatabase {
  if (!url) throw new Unavailable("LIBSQL_URL is not set: it says where the store is");
  const address = httpUrl(url);
  if (!address) throw new Unavailable(wrongUrl);
  if (authToken && isInTheClear(address)) throw new Unavailable(tokenInTheClear);
  // What `createClient` makes, which would read the address with a parser of its own. A limit on concurrency would make
  // requests wait for each other; the platform has its own.
  const client = new HttpClient(address, authToken || undefined, "number", fetch, Number.MAX_SAFE_INTEGER, undefined);
  // What `drizzle({ client })` makes, without what that brings for relations and ways to connect.
  return new LibSQLDatabase("async", dialect, new LibSQLSession(client, dialect, undefined, {}, undefined), undefined);
}
