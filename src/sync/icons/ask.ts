import { type BoundedResponse, boundedFetch } from "../../base/bounded-fetch.ts";
import { BodyTooLong } from "../../base/bounded-text.ts";
import { isPublicHost } from "../../base/public-host.ts";
import { shownAddress } from "../upstream/address.ts";
import { codeOf, type UpstreamOptions } from "../upstream/fetch.ts";
import { IconFault, type Image, imageOf } from "./image.ts";

/** How icons are asked for. There is no token among it: signed, static and media addresses need none. */
export interface AskOptions extends Pick<UpstreamOptions, "limits" | "fetch" | "now"> {
  /** Authentik's own, the one origin that may be of a private network. */
  origin: string;
  /** Takes one from the requests of the run; false where none is left. */
  takeRequest: () => boolean;
}

/** An image; or that it is the one that is known; or that the run has no request left for it. */
export type Asked = (Image & { etag: string | null }) | "unchanged" | "later";

const late = (milliseconds: number) => new IconFault(`did not answer in full within ${milliseconds / 1000} s`);

/**
 * Asks for an icon, within the limits of the run. Whatever comes of an address is told of it without its query.
 * @param etag of the image that is known, where there is one
 * @throws IconFault
 */
export async function askForIcon(start: URL, etag: string | null, options: AskOptions): Promise<Asked> {
  const { limits, now, takeRequest } = options;
  const deadline = now() + limits.iconMs;
  let url = start;
  for (let redirects = 0; ; redirects++) {
    checkHost(url, options.origin);
    if (!takeRequest()) return "later";
    const milliseconds = deadline - now();
    if (milliseconds <= 0) throw late(limits.iconMs);
    const answer = await attempt(url, etag, milliseconds, options);
    if (!("location" in answer)) return answer.asked;
    const next = URL.parse(answer.location, url.href);
    if (!next || redirects === limits.redirects)
      throw new IconFault(`${shownAddress(url.href)} redirects too often, or to nowhere`);
    url = next;
  }
}

/**
 * https, or authentik's own origin; no other address of a private network. Each redirect is checked as the first address is. A
 * name may resolve to any address: the platform's `fetch` reaches the public network alone, the tools have one that looks.
 */
function checkHost({ href, origin, protocol, username, password, hostname }: URL, own: string): void {
  const why =
    username || password
      ? "holds a user name or a password"
      : origin === own || (protocol === "https:" && isPublicHost(hostname))
        ? undefined
        : "is neither of authentik's own origin nor https:// of the public network";
  if (why) throw new IconFault(`${shownAddress(href)} ${why}`);
}

async function attempt(url: URL, etag: string | null, milliseconds: number, options: AskOptions) {
  const { fetch, limits } = options;
  const address = shownAddress(url.href);
  const headers = {
    Accept: "image/*",
    "User-Agent": "authentik-sources-edge",
    ...(etag !== null && { "If-None-Match": etag }),
  };
  const bounds = { milliseconds, maxBytes: limits.iconBytes, fetch };
  try {
    const answer = await boundedFetch(url, { headers, cache: "no-store" }, bounds);
    const { status, body } = answer.response;
    const location = answer.response.headers.get("Location");
    if (status === 200) return { asked: await readImage(answer) };
    await body?.cancel();
    if (status >= 300 && status < 400 && location !== null) return { location };
    if (status === 304 && etag !== null) return { asked: "unchanged" as const };
    throw new IconFault(`${address} answered ${status}`);
  } catch (error) {
    if (error instanceof IconFault) throw error;
    if (error instanceof BodyTooLong) throw new IconFault(`${address} has more than ${limits.iconBytes / 1024} KiB`);
    if (error instanceof Error && error.name === "TimeoutError") throw late(limits.iconMs);
    throw new IconFault(`the connection to ${address} failed${codeOf(error)}`);
  }
}

async function readImage({ response, bytes }: BoundedResponse): Promise<Image & { etag: string | null }> {
  const { headers } = response;
  return { ...imageOf(headers.get("Content-Type") ?? "", await bytes()), etag: headers.get("ETag") };
}
