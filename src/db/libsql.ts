import { createClient } from "@libsql/client/http";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { drizzle } from "drizzle-orm/libsql/http";
import { Unavailable } from "../unavailable.ts";

export interface LibsqlOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  url: string | undefined;
  /** The database's own token, where it asks for one. */
  authToken?: string | undefined;
  /** `readFetch` for a database that is only read, `writeFetch` for one that is written to. @default the global fetch */
  fetch?: typeof fetch;
}

/** Says what is right and not what was given, which may hold a password or a token. */
const wrongUrl = "LIBSQL_URL must be a libsql://, https:// or http:// URL without a user, a password or a query";

function isLibsqlUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null && /^(libsql|https?):$/.test(url.protocol) && !(url.username || url.password || url.search || url.hash)
  );
}

/**
 * Opens a libSQL database over HTTP. Nothing is sent before the first query.
 * @throws Unavailable where there is no URL, or not one that can be reached over HTTP.
 */
export function openLibsql({ url, authToken, fetch = globalThis.fetch }: LibsqlOptions): LibSQLDatabase {
  if (!url) throw new Unavailable("LIBSQL_URL is not set: it says where the store is");
  if (!isLibsqlUrl(url)) throw new Unavailable(wrongUrl);
  // A limit on concurrency would make requests wait for each other; the platform has its own.
  const client = createClient({ url, concurrency: Number.MAX_SAFE_INTEGER, fetch, ...(authToken && { authToken }) });
  return drizzle({ client });
}
