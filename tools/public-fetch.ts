import { lookup } from "node:dns/promises";
import { isPublicHost } from "../src/base/public-host.ts";

/** In the form of the system's own errors, which the sync shows. */
class PrivateNetwork extends Error {
  code = "PRIVATE_NETWORK";
}

/**
 * A `fetch` that asks nobody in a private network but authentik itself: the address of an icon is whatever a source says. The
 * platform's own reaches no private network.
 * @param authentik its URLs: an inner and an outer one, either of which may be of a private network
 */
export const publicFetch =
  (authentik: (string | undefined)[], resolve = lookup): typeof fetch =>
  async (input, init) => {
    const { origin, hostname } = new URL(input instanceof Request ? input.url : input);
    if (!authentik.some((url) => URL.parse(url ?? "")?.origin === origin)) {
      const found = await resolve(hostname.replace(/^\[|\]$/g, ""), { all: true });
      if (!found.every(({ address }) => isPublicHost(address))) {
        throw new TypeError("fetch failed", { cause: new PrivateNetwork() });
      }
    }
    return fetch(input, init);
  };
