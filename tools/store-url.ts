import { tokenInTheClear } from "../src/db/libsql.ts";
import { isInTheClear } from "../src/http/http-url.ts";
import { UsageError } from "./command.ts";

export interface StoreAddress {
  /** The path of a `file:` URL, undefined for a server. */
  file: string | undefined;
  /** The address, for a person. */
  shown: string;
}

const expected =
  "LIBSQL_URL must be file:PATH, http(s)://HOST or libsql://HOST, without a user, a password or a query; the store's token is LIBSQL_AUTH_TOKEN";

/**
 * Reads LIBSQL_URL. A file's path is percent-decoded, as `@libsql/client` does it, so that all who open it open the same.
 * @param authToken goes to a server over http:// on this machine only
 * @throws UsageError, which does not show the URL: there may be a password or a token in it
 */
export function readStoreUrl(url: string, authToken = process.env.LIBSQL_AUTH_TOKEN): StoreAddress {
  return /^file:/i.test(url) ? readFileUrl(url) : readServerUrl(url, authToken);
}

/** `file:relative/path`, `file:/absolute/path`, or with the two slashes of an empty host, or localhost, before the latter. */
const filePattern = /^file:(?:\/\/(?:localhost)?(?=\/))?(?!\/\/)(?<path>[^?#]+)$/i;

function readFileUrl(url: string): StoreAddress {
  const path = decode(filePattern.exec(url)?.groups?.path ?? "");
  if (path === ":memory:") throw new UsageError("LIBSQL_URL must name a file: what is in memory ends with the tool");
  if (!path || path.includes("\0")) throw new UsageError(expected);
  return { file: path, shown: path };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readServerUrl(text: string, authToken: string | undefined): StoreAddress {
  const url = /^(https?|libsql):\/\/[^/?#]/i.test(text) ? URL.parse(text) : null;
  if (!url || url.username || url.password || url.search || url.hash) throw new UsageError(expected);
  if (authToken && isInTheClear(url)) throw new UsageError(tokenInTheClear);
  return { file: undefined, shown: `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}` };
}
