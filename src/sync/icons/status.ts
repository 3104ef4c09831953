import { asc, count, eq, isNotNull } from "drizzle-orm";
import type { WritableDatabase } from "../../db/database.ts";
import { icons, oauthSources } from "../../db/schema.ts";

/** How many icons there are, and which could not be had when they were last asked for, and why. */
export async function readIconStatus(db: Pick<WritableDatabase, "select">) {
  const { slug, pk } = oauthSources;
  const { theme, problem } = icons;
  const [stored] = await db.select({ count: count(icons.digest) }).from(icons);
  const failed = await db
    .select({ slug, theme, problem })
    .from(icons)
    .innerJoin(oauthSources, eq(icons.pk, pk))
    .where(isNotNull(problem))
    .orderBy(asc(slug), asc(theme));
  return { stored: stored?.count ?? 0, failed };
}
