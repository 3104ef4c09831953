import { sha256Hexadecimal } from "./sha256.ts";

/** A strong ETag, which depends on the body alone. */
export const etagOf = async (body: string): Promise<string> => `"${await sha256Hexadecimal(body)}"`;

/** Whether `If-None-Match` lists the ETag, by weak comparison, or is `*` (RFC 9110, section 13.1.2). */
export function matchesEtag(etag: string, ifNoneMatch = ""): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//i, "");
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => opaque(tag) === opaque(etag));
}
