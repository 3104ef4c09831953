import { isInTheClear } from "../../src/base/http-url.ts";
import { UsageError } from "../command.ts";

export const hookPath = "/hooks/authentik";

/** @throws UsageError */
export function hookAddress(text: string, allowHttp: boolean): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError("--hook takes the Worker's https:// address");
  if (url.username || url.password || url.search || url.hash) {
    throw new UsageError("--hook takes an address without user name, password, query and fragment");
  }
  if (!url.pathname.endsWith(hookPath)) throw new UsageError(`--hook takes an address that ends with ${hookPath}`);
  if (isInTheClear(url) && !allowHttp) {
    throw new UsageError(`${url.origin} is not https: authentik would send the secret over the network in the clear`);
  }
  return url;
}
