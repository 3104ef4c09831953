import { isHttpUrl, normalUrl } from "../../src/base/http-url.ts";
import { apiAddress } from "../../src/sync/upstream/address.ts";
import { readGiven, UsageError } from "../command.ts";

/** What people copy along from the address bar or from a client's configuration. */
const tail = /\/(?:if|api|flows)\/.*$|\/(?:if|api)$/;

/**
 * Reads authentik's address: as its users know it, without a slash at its end, and the API's, with one.
 * @throws UsageError
 */
export function readAuthentikAddress(text: string, allowHttp: boolean) {
  const [rest] = tail.exec(text) ?? [];
  if (rest !== undefined) throw new UsageError(`leave ${rest} out: give ${text.slice(0, -rest.length)}`);
  if (!isHttpUrl(text)) throw new UsageError("give authentik's address, such as https://authentik.example");
  return { url: normalUrl(text), api: readGiven(() => apiAddress(text, { allowHttp, name: "URL" })) };
}
