import { isInTheClear } from "../../base/http-url.ts";
import { SyncError } from "../sync-error.ts";

/** Where an authentik has its list of OAuth sources, below its API's address. */
const listPath = "sources/oauth/";

/**
 * The list's address for that of an authentik.
 * @param allowHttp whether the token may go over the network in the clear; within this machine it always may
 * @throws SyncError
 */
export function listAddress(upstream: string, allowHttp: boolean): URL {
  const name = "the address of authentik (AUTHENTIK_SYNC_URL, or else AUTHENTIK_URL)";
  return new URL(listPath, apiAddress(upstream, { allowHttp, name }));
}

/**
 * The API's address for that of an authentik, with a slash at its end.
 * @param options.allowHttp as above
 * @param options.name what the address is called in an error
 * @throws SyncError
 */
export function apiAddress(authentik: string, { allowHttp, name }: { allowHttp: boolean; name: string }): URL {
  const url = URL.parse(authentik);
  if (!url || !/^https?:$/.test(url.protocol)) throw new SyncError(`${name} must be an https:// URL`);
  if (url.username || url.password) {
    throw new SyncError(`${name} may hold no user name and no password: the token is all it takes`);
  }
  if (isInTheClear(url) && !allowHttp) {
    throw new SyncError(`${url.origin} is not https: the token would go over the network in the clear`);
  }
  return new URL(`${url.pathname.replace(/\/+$/, "")}/api/v3/`, url.origin);
}

/** The address of `source_types/`, for that of the list. */
export const typesAddress = (list: URL): URL => new URL("source_types/", list);

/** An address as it may be shown and kept: without credentials and query. */
export function shownAddress(upstream: string): string {
  const url = URL.parse(upstream);
  return url ? url.origin + url.pathname : "(no URL)";
}
