import { finalFault } from "../fault.ts";

/** Where an authentik has its list of OAuth sources, below its own address. */
const listPath = "/api/v3/sources/oauth/";

/**
 * The list's address for that of an authentik.
 * @param allowHttp whether the token may go over the network in the clear; within this machine it always may
 * @throws SyncError
 */
export function listAddress(upstream: string, allowHttp: boolean): URL {
  const url = URL.parse(upstream);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw finalFault("the address of authentik (AUTHENTIK_SYNC_URL, or else AUTHENTIK_URL) must be an https:// URL");
  }
  if (url.username || url.password) {
    throw finalFault("the address of authentik may hold no user name and no password: the token is all it takes");
  }
  if (url.protocol === "http:" && !allowHttp && !isLoopback(url.hostname)) {
    throw finalFault(`${url.origin} is not https: the token would go over the network in the clear`);
  }
  return new URL(url.pathname.replace(/\/+$/, "") + listPath, url.origin);
}

/** The address of `source_types/`, for that of the list. */
export const typesAddress = (list: URL): URL => new URL("source_types/", list);

/** An address as it may be shown and kept: without credentials and query. */
export function shownAddress(upstream: string): string {
  const url = URL.parse(upstream);
  return url ? url.origin + url.pathname : "(no URL)";
}

const isLoopback = (host: string) => /^(localhost|.+\.localhost|127(\.[0-9]+){3}|\[::1\])$/.test(host);
