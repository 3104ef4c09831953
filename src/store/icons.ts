import { eq, sql } from "drizzle-orm";
import * as z from "zod/mini";
import { Unavailable } from "../base/unavailable.ts";
import { type Database, runQuery } from "../db/database.ts";
import { iconImages, icons } from "../db/schema.ts";

/** The icons of sources that are enabled, by slug and theme. */
export const iconIndexSchema = z.array(
  z.object({
    slug: z.string(),
    theme: z.enum(icons.theme.enumValues),
    /** SHA-256 of the bytes, in hexadecimal. */
    digest: z.string(),
    type: z.string(),
    /** Where it is at authentik, without a query; null where it is elsewhere. */
    path: z.nullable(z.string()),
  }),
);

export type IconIndex = z.infer<typeof iconIndexSchema>;

/**
 * Reads what icons there are: only of sources that are enabled, and only those of which the store has the image.
 * @throws Unavailable
 */
export async function readIconIndex(db: Database): Promise<IconIndex> {
  // Read by index: rows of `values` cannot be iterated.
  type Row = [string, IconIndex[number]["theme"], string, string, string];
  const statement = sql`select slug, theme, digest, type, address from ${icons}
    join oauth_sources using (pk) join ${iconImages} using (digest) where enabled order by slug, theme`;
  const rows = await runQuery(() => db.values<Row>(statement));
  return rows.map((row) => {
    const [path = ""] = row[4].split("?");
    return { slug: row[0], theme: row[1], digest: row[2], type: row[3], path: path.startsWith("/") ? path : null };
  });
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
