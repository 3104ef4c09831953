import { eq, sql } from "drizzle-orm";
import { Unavailable } from "../base/unavailable.ts";
import { type Database, runQuery } from "../db/database.ts";
import { iconImages, icons } from "../db/schema.ts";

/** An icon of a source that is enabled. */
export interface IndexedIcon {
  slug: string;
  /** `""`: for any. */
  theme: string;
  /** SHA-256 of the bytes, in hexadecimal. */
  digest: string;
  type: string;
  /** The path of the icon at authentik, without a query; null where it is elsewhere. */
  path: string | null;
}

/**
 * Reads what icons there are, an array of `IndexedIcon` as JSON: only of sources that are enabled, and only those of which the store has the image.
 * @throws Unavailable
 */
export async function readIconIndex(db: Database): Promise<string> {
  const path = sql`CASE WHEN address LIKE '/%' THEN substr(address, 1, instr(address || '?', '?') - 1) END`;
  const statement = sql`SELECT json_object('slug', slug, 'theme', theme, 'digest', digest, 'type', type, 'path', ${path})
    FROM ${icons} JOIN oauth_sources USING (pk) JOIN ${iconImages} USING (digest) WHERE enabled ORDER BY slug, theme`;
  const rows = await runQuery(() => db.values<[string]>(statement));
  return `[${rows.map((row) => row[0]).join()}]`;
}

/**
 * Reads an image by its digest, as base64.
 * @throws Unavailable where the store does not have it: a replica is behind, or an index is older than the store
 */
export async function readIconImage(db: Database, digest: string): Promise<string> {
  const { body } = iconImages;
  const [image] = await runQuery(() => db.select({ body }).from(iconImages).where(eq(iconImages.digest, digest)));
  if (!image) throw new Unavailable("the store does not have the image of an icon");
  return image.body;
}
