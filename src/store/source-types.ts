import { asc } from "drizzle-orm";
import * as z from "zod/mini";
import { type Database, runQuery } from "../db/database.ts";
import { sourceTypes } from "../db/schema.ts";
import { text } from "../source/parameter.ts";
import { type SourceType, unknownType } from "../source/source-type.ts";

/** The query of `GET /sources/oauth/source_types/`. */
export const sourceTypesQuerySchema = z.object({ name: text() });

/**
 * The types that a source can have, as a JSON array in authentik's order; with a name that one alone, and authentik's default
 * type where there is none of that name.
 * @throws Unavailable
 */
export async function readSourceTypes(db: Database, name: string | undefined): Promise<string> {
  const rows = await runQuery(() => db.select().from(sourceTypes).orderBy(asc(sourceTypes.position)));
  const types = name === undefined ? rows : rows.filter((row) => row.name === name);
  const texts = types.map(({ type }) => type);
  if (texts.length === 0 && name !== undefined) texts.push(JSON.stringify(unknownType satisfies SourceType));
  return `[${texts.join(",")}]`;
}
