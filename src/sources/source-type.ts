import { asc, sql } from "drizzle-orm";
import * as z from "zod/mini";
import { type Database, runQuery } from "../db/database.ts";
import { sourceTypes } from "../db/schema.ts";
import { Unavailable } from "../unavailable.ts";
import { text } from "./parameter.ts";

/** The `type` object of a source. */
export const sourceTypeSchema = z.object({
  name: z.string(),
  verbose_name: z.string(),
  urls_customizable: z.boolean(),
  request_token_url: z.nullable(z.string()),
  authorization_url: z.nullable(z.string()),
  access_token_url: z.nullable(z.string()),
  profile_url: z.nullable(z.string()),
  oidc_well_known_url: z.nullable(z.string()),
  oidc_jwks_url: z.nullable(z.string()),
});

export type SourceType = z.infer<typeof sourceTypeSchema>;

/** What authentik gives for a provider type that it does not know. */
export const unknownType: SourceType = {
  name: "default",
  verbose_name: "Default source type",
  urls_customizable: false,
  request_token_url: null,
  authorization_url: null,
  access_token_url: null,
  profile_url: null,
  oidc_well_known_url: null,
  oidc_jwks_url: null,
};

/**
 * A type as the store has it, checked.
 * @throws Unavailable
 */
export function readSourceType(json: string): SourceType {
  try {
    return sourceTypeSchema.parse(JSON.parse(json));
  } catch (error) {
    throw new Unavailable(`a source type in the store breaks the contract: ${json.slice(0, 100)}`, { cause: error });
  }
}

/** The query of `GET /sources/oauth/source_types/`. */
export const sourceTypesQuerySchema = z.object({ name: text() });

/**
 * The types that a source can have, in authentik's order; with a name that one alone, and authentik's default type where
 * there is none of that name. What rows of an unknown provider type came with is no type of its own.
 * @throws Unavailable
 */
export async function listSourceTypes(db: Database, name: string | undefined): Promise<SourceType[]> {
  const rows = await runQuery(() => db.select().from(sourceTypes).orderBy(asc(sql`rowid`)));
  const types = rows.flatMap(({ providerType, type: json }) => {
    const type = readSourceType(json);
    return type.name === providerType ? [type] : [];
  });
  if (name === undefined) return types;
  return [types.find((type) => type.name === name) ?? unknownType];
}
