import { sha256Hexadecimal } from "../base/sha256.ts";

/** A strong ETag, which depends on the body alone. */
export const etagOf = async (body: string): Promise<string> => `"${await sha256Hexadecimal(body)}"`;

/** Whether `If-None-Match` lists the ETag, by weak comparison, or is `*` (RFC 9110, section 13.1.2). */
export function matchesEtag(etag: string | undefined, { headers }: Request): boolean {
  const condition = headers.get("If-None-Match")?.trim();
  if (etag === undefined || !condition) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//i, "");
  return condition === "*" || condition.split(",").some((tag) => opaque(tag) === opaque(etag));
}
