import { sql } from "drizzle-orm";
import { Base64 } from "../../base/base64.ts";
import type { WritableDatabase } from "../../db/database.ts";
import { iconImages, icons } from "../../db/schema.ts";
import { chunks, imagesOfNoIcon } from "../write.ts";
import type { Image } from "./image.ts";

/** An icon as the store has it. */
export type IconRow = typeof icons.$inferSelect;

/** Names a row: a source has an icon of each theme. */
export const idOf = ({ pk, theme }: Pick<IconRow, "pk" | "theme">): string => `${pk} ${theme}`;

/** All that the store has of icons, but for the images themselves: of these the digest, and how many bytes each has. */
export async function readIcons(db: WritableDatabase) {
  const { digest, body } = iconImages;
  const [rows, images] = await db.batch([
    db.select().from(icons),
    db.select({ digest, size: sql<number>`length(${body}) * 3 / 4` }).from(iconImages),
  ]);
  return {
    rows: new Map(rows.map((row) => [idOf(row), row])),
    /** Of the images, in bytes, by digest. */
    sizes: new Map(images.map(({ digest, size }) => [digest, size])),
  };
}

export interface IconChanges {
  now: number;
  /** The addresses of which nothing has changed. */
  confirmed: string[];
  rewritten: IconRow[];
  unnamed: IconRow[];
  images: Map<string, Image>;
}

/** Writes in one batch, without a guard: whoever is the last of two runs has asked last. */
export async function writeIcons(db: WritableDatabase, { now, confirmed, rewritten, unnamed, images }: IconChanges) {
  const { address, pk, theme } = icons;
  const times = chunks(confirmed.map((key) => JSON.stringify(key))).map((keys) =>
    db
      .update(icons)
      .set({ askedAt: now, problem: null })
      .where(sql`${address} IN (SELECT value FROM json_each(${keys}))`),
  );
  const additions = Array.from(images, ([digest, { type, bytes }]) =>
    db
      .insert(iconImages)
      .values({ digest, type, body: Base64.fromUint8Array(bytes) })
      .onConflictDoNothing(),
  );
  const deletions = chunks([...rewritten, ...unnamed].map((row) => JSON.stringify([row.pk, row.theme]))).map((ids) =>
    db.delete(icons).where(sql`(${pk}, ${theme}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${ids}))`),
  );
  const values = ["pk", "theme", "address", "etag", "digest", "problem", "askedAt"] as const;
  const insertions = chunks(rewritten.map((row) => JSON.stringify(values.map((name) => row[name])))).map((rows) =>
    db
      .insert(icons)
      .select(sql`SELECT ${sql.raw(values.map((_, i) => `value ->> ${i}`).join(", "))} FROM json_each(${rows})`),
  );
  // What images were of these may be no icon's any more.
  const unused = deletions.length === 0 ? [] : [db.delete(iconImages).where(imagesOfNoIcon)];
  const [first, ...others] = [...times, ...additions, ...deletions, ...insertions, ...unused];
  if (first) await db.batch([first, ...others]);
}
