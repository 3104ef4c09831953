import { Base64 } from "../../base/base64.ts";
import { SyncError } from "../sync-error.ts";

export interface Image {
  /** One of the types below. */
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The types of icons, each with what its bytes have at a place, as text of one character a byte. */
const beginnings: Record<string, [at: number, text: string][]> = {
  "image/png": [[0, "\x89PNG\r\n\x1a\n"]],
  "image/jpeg": [[0, "\xff\xd8\xff"]],
  "image/gif": [[0, "GIF8"]],
  "image/webp": [
    [0, "RIFF"],
    [8, "WEBP"],
  ],
  "image/avif": [[4, "ftypavi"]],
  "image/x-icon": [[0, "\0\0\x01\0"]],
  "image/vnd.microsoft.icon": [[0, "\0\0\x01\0"]],
};

/** What may stand before the root of a document: white space, instructions, comments, a document type. Each is found without going back. */
const prolog = /\s+|<\?.*?\?>|<!--.*?-->|<!doctype\s+(?:\w+:)?svg\b[^>[]*(\[[^\]]*\][^>]*)?>/isy;
const svgRoot = /<(\w+:)?svg[\s/>]/iy;
/** As far as the root of an SVG is looked for, in bytes. */
const headBytes = 16 * 1024;

function isSvg(head: string): boolean {
  let at = head.startsWith("\xef\xbb\xbf") ? 3 : 0;
  for (prolog.lastIndex = at; prolog.test(head); at = prolog.lastIndex);
  svgRoot.lastIndex = at;
  return svgRoot.test(head);
}

function beginsAs(type: string, bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, headBytes));
  if (type === "image/svg+xml") return isSvg(head);
  return beginnings[type]?.every(([at, text]) => head.startsWith(text, at)) ?? false;
}

/**
 * An image by its type, whose first bytes must agree.
 * @param contentType as a server or a `data:` address says it
 * @throws SyncError
 */
export function imageOf(contentType: string, bytes: Uint8Array<ArrayBuffer>): Image {
  const [said = ""] = contentType.toLowerCase().split(";");
  const type = said.trim();
  if (type !== "image/svg+xml" && !Object.hasOwn(beginnings, type)) {
    const shown = /^[-+.\w]{1,60}\/[-+.\w]{1,60}$/.test(type) ? type : "something else";
    throw new SyncError(`is ${shown}, and no image of a kind that is taken`);
  }
  if (!beginsAs(type, bytes)) throw new SyncError(`says that it is ${type}, and does not begin as one`);
  return { type, bytes };
}

/** Each character of text as its bytes in UTF-8, and each escape as its byte. */
const binaryOf = (text: string) =>
  atob(Base64.fromUint8Array(new TextEncoder().encode(text))).replace(/%([0-9a-f]{2})/gi, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );

/**
 * The image in a `data:` address (RFC 2397), which is no longer than a source may be.
 * @throws SyncError
 */
export function imageOfData(address: string): Image {
  const [, type = "", parameters = "", content = ""] = /^data:([^;,]*)([^,]*),(.*)$/is.exec(address) ?? [];
  const binary = binaryOf(content);
  try {
    return imageOf(type, Base64.toUint8Array(/;\s*base64\s*$/i.test(parameters) ? binary : btoa(binary)));
  } catch (error) {
    throw error instanceof SyncError ? error : new SyncError("is not base64, though it says so");
  }
}
