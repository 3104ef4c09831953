import { BodyTooLong, readBoundedBytes } from "../../base/bounded-text.ts";
import { isPublicHost } from "../../base/public-host.ts";
import { SyncError } from "../sync-error.ts";
import { shownAddress } from "../upstream/address.ts";
import { followRedirects, type UpstreamOptions } from "../upstream/fetch.ts";
import { type Image, imageOf } from "./image.ts";

/** How icons are fetched. There is no token among it: signed, static and media addresses need none. */
export interface IconOptions extends Pick<UpstreamOptions, "limits" | "fetch" | "now"> {
  /** The one of authentik itself, the only one that may be of a private network. */
  origin: string;
  /** Takes one from the requests of the run; false where none is left. */
  takeRequest: () => boolean;
}

/** An image, or that it is the one that is known. */
export type FetchedIcon = (Image & { etag: string | null }) | "unchanged";

/** Thrown where the run has no request left for an icon. */
export const later = new SyncError("later");

/**
 * Fetches an icon, within the limits of the run. Whatever comes of an address is told of it without its query.
 * @param etag of the image that is known, where there is one
 * @throws SyncError, `later`
 */
export function fetchIcon(start: URL, etag: string | null, options: IconOptions): Promise<FetchedIcon> {
  const { iconMs, iconBytes } = options.limits;

  /**
   * https, or authentik's own origin; no other address of a private network, after redirects neither. A name may resolve to any
   * address: the platform's `fetch` reaches the public network alone, and the tools have one that looks.
   */
  function check({ href, origin, protocol, username, password, hostname }: URL): void {
    const isAllowed = origin === options.origin || (protocol === "https:" && isPublicHost(hostname));
    if (!isAllowed || username || password)
      throw new SyncError(
        `${shownAddress(href)} is neither https:// of the public network nor of authentik's own origin`,
      );
    if (!options.takeRequest()) throw later;
  }

  async function read(response: Response, address: string): Promise<FetchedIcon> {
    const { status, headers, body } = response;
    if (status === 200) return { ...(await readImage(response, address)), etag: headers.get("ETag") };
    await body?.cancel();
    if (status === 304 && etag !== null) return "unchanged";
    throw new SyncError(`${address} answered ${status}`);
  }

  async function readImage(response: Response, address: string): Promise<Image> {
    const bytes = await readBoundedBytes(response, iconBytes).catch((error) => {
      throw error instanceof BodyTooLong ? new SyncError(`${address} has more than ${iconBytes / 1024} KiB`) : error;
    });
    return imageOf(response.headers.get("Content-Type") ?? "", bytes);
  }

  const headers = { Accept: "image/*", ...(etag !== null && { "If-None-Match": etag }) };
  const within = { limits: { ...options.limits, attemptMs: iconMs, runMs: iconMs }, deadline: options.now() + iconMs };
  return followRedirects(start, { headers, check, read }, { ...options, ...within });
}
