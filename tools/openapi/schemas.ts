import { readFileSync } from "node:fs";
import type { Oas3_1Schema } from "@redocly/openapi-core";
import * as z from "zod/mini";
import { type FieldName, fieldEntries } from "../../src/source/fields.ts";
import { type Pagination, paginationSchema } from "../../src/source/pagination.ts";
import { oauthSourceSchema, sourcesPageSchema } from "../../src/source/source.ts";
import { sourceTypeSchema } from "../../src/source/source-type.ts";

/** The bodies of good answers, under the names that authentik's own document has for them. */
const bodies = {
  PaginatedOAuthSourceList: sourcesPageSchema,
  Pagination: paginationSchema,
  OAuthSource: oauthSourceSchema,
  SourceType: sourceTypeSchema,
};

export type BodyName = keyof typeof bodies;

export const schemaRef = (name: BodyName) => ({ $ref: `#/components/schemas/${name}` });

const descriptions: {
  Pagination: Record<keyof Pagination, string>;
  OAuthSource: Record<string, string>;
  SourceType: Record<keyof typeof sourceTypeSchema.shape, string>;
} = {
  Pagination: {
    next: "The number of the next page; 0 where there is none.",
    previous: "The number of the page before; 0 where there is none.",
    count: "How many sources there are on all pages together.",
    current: "The number of this page.",
    total_pages: "How many pages there are; 1 for an empty list.",
    start_index: "The place of this page's first source in the whole list, from 1; 0 for an empty list.",
    end_index: "The place of this page's last source in the whole list; 0 for an empty list.",
  },
  OAuthSource: meaningsOfFields(),
  SourceType: {
    name: "What `provider_type` of a source says.",
    verbose_name: "What people see.",
    urls_customizable: "Whether a source of this type may have URLs of its own.",
    request_token_url: "The URL of the type itself.",
    authorization_url: "The URL of the type itself.",
    access_token_url: "The URL of the type itself.",
    profile_url: "The URL of the type itself.",
    oidc_well_known_url: "The URL of the type itself.",
    oidc_jwks_url: "The URL of the type itself.",
  },
};

/** What stands over each field in the table of fields: as comments, they are not in the Worker. */
function meaningsOfFields(): Record<FieldName, string> {
  const table = readFileSync(new URL("../../src/source/fields.ts", import.meta.url), "utf8");
  const comments = new Map(
    Array.from(table.matchAll(/^ {2}\/\*\* (.+) \*\/\n {2}(\w+): \{/gm), ([, text, name]) => [name, text]),
  );
  const meanings = fieldEntries.map(([name]) => {
    const meaning = comments.get(name);
    if (meaning === undefined) throw new Error(`src/source/fields.ts: a comment over ${name} must say what it means`);
    return [name, meaning] as const;
  });
  return Object.fromEntries(meanings) as Record<FieldName, string>;
}

/** A zod schema in JSON Schema, without the words that say nothing in a document. */
export function jsonSchema(schema: z.ZodMiniType): Oas3_1Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { override: withoutBoundsOfSafeIntegers });
  return rest as Oas3_1Schema;
}

/** Zod's integers are JavaScript's safe ones; that is no limit of the API. */
function withoutBoundsOfSafeIntegers({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }) {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** `components.schemas`: the very schemas that rows and pages go through on their way out, referring to each other. */
export function bodySchemas(): Record<string, Oas3_1Schema> {
  const registry = z.registry<{ id: BodyName }>();
  for (const name of Object.keys(bodies) as BodyName[]) registry.add(bodies[name], { id: name });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    override: withoutBoundsOfSafeIntegers,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [
      name,
      describe(schema as Oas3_1Schema, descriptions[name as keyof typeof descriptions] ?? {}),
    ]),
  );
}

function describe(schema: Oas3_1Schema, texts: Record<string, string>): Oas3_1Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const description = texts[key];
    return [key, description ? { ...property, description } : property];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}
