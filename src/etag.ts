import { sha256Hexadecimal } from "./sha256.ts";

/** A strong ETag: it depends on the body, and on nothing else. */
export const etagOf = async (body: string): Promise<string> => `"${await sha256Hexadecimal(body)}"`;

/** Whether `If-None-Match` names the ETag (RFC 9110, 13.1.2), among its tags, compared as weak ones, or by `*`. */
export function isKnown(etag: string, ifNoneMatch = ""): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//i, "");
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => opaque(tag) === opaque(etag));
}
