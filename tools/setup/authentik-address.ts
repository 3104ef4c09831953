import { isHttpUrl, normalUrl } from "../../src/base/http-url.ts";
import { SyncError } from "../../src/sync/sync-error.ts";
import { apiAddress } from "../../src/sync/upstream/address.ts";
import { UsageError } from "../command.ts";

export interface AuthentikAddress {
  /** As its users know it, without a slash at its end. */
  url: string;
  /** The API's, with one. */
  api: URL;
}

/** What people copy along from the address bar or from a client's configuration. */
const tail = /\/(?:if|api|flows)\/.*$|\/(?:if|api)$/;

/** @throws UsageError */
export function readAuthentikAddress(text: string, allowHttp: boolean): AuthentikAddress {
  const [rest] = tail.exec(text) ?? [];
  if (rest !== undefined) throw new UsageError(`leave ${rest} out: give ${text.slice(0, -rest.length)}`);
  if (!isHttpUrl(text)) throw new UsageError("give authentik's address, such as https://authentik.example");
  try {
    return { url: normalUrl(text), api: apiAddress(text, { allowHttp, name: "URL" }) };
  } catch (error) {
    throw error instanceof SyncError ? new UsageError(error.message) : error;
  }
}
