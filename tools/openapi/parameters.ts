import type { Oas3_1Schema, Oas3Parameter } from "@redocly/openapi-core";
import type { ZodMiniType } from "zod/mini";
import { slugSchema } from "../../src/sources/fields.ts";
import { orderFields, writeOrdering } from "../../src/sources/ordering.ts";
import type { JsonType } from "../../src/sources/parameter.ts";
import { type ListQuery, listQuerySchema } from "../../src/sources/query.ts";
import { searchLimits } from "../../src/sources/search.ts";
import { sourceTypesQuerySchema } from "../../src/sources/source-types.ts";
import { jsonSchema } from "./schemas.ts";

type Parameter = Oas3Parameter<Oas3_1Schema>;

const listDescriptions: Record<keyof ListQuery, string> = {
  page: "The number of the page, from 1. A page beyond the end is a 404.",
  page_size: "How many sources a page has.",
  ordering: `Fields in the order of their weight, separated by commas, each with \`-\` before it for descending: ${orderFields.join(", ")}. Unknown fields are dropped; \`pk\` breaks ties.`,
  search: `Words, each of which must occur in the name or the slug, in any letter case: at most ${searchLimits.items} different ones, and ${searchLimits.characters} characters in all.`,
  has_jwks: "`true`: only sources with JWKS data.",
  enabled: "Only sources that are enabled, or only those that are not.",
  name: "Exact, in this letter case.",
  slug: "Exact, in this letter case.",
  provider_type: "The name of the source's type, exact. An unknown one gives an empty list.",
  consumer_key: "Exact.",
  additional_scopes: "Exact.",
  request_token_url: "Exact.",
  authorization_url: "Exact.",
  access_token_url: "Exact.",
  profile_url: "Exact.",
  authentication_flow: "The UUID of a flow. One that no source refers to gives an empty list.",
  enrollment_flow: "The UUID of a flow. One that no source refers to gives an empty list.",
  policy_engine_mode: "Whether all policies must agree, or any one.",
  group_matching_mode:
    "How a group is matched with one that exists; a source that does not say counts as `identifier`.",
  pbm_uuid: "The source's `pk`, under the name that authentik 2024.8 and later have for this parameter.",
  user_matching_mode: "How a person is matched with a user who exists.",
};

/** What counts where a parameter is missing, as a client would write it. */
const { page, page_size, ordering } = listQuerySchema.parse({});
const listDefaults: Partial<Record<keyof ListQuery, string | number>> = {
  page,
  page_size,
  ordering: writeOrdering(ordering),
};

const sourceTypesDescriptions: Record<keyof typeof sourceTypesQuerySchema.shape, string> = {
  name: "Only the type of this name; authentik's default type where there is none.",
};

/** Every parameter of a query schema: its name, and the JSON type that it carries. */
function queryParameters<Name extends string>(
  schema: { shape: Record<Name, ZodMiniType & { jsonType: JsonType }> },
  descriptions: Record<Name, string>,
  defaults: Partial<Record<Name, string | number>> = {},
): Parameter[] {
  return (Object.keys(descriptions) as Name[]).map((name) => ({
    name,
    in: "query",
    description: descriptions[name],
    schema: {
      type: "string",
      ...schema.shape[name].jsonType,
      ...(name in defaults && { default: defaults[name] }),
    },
  }));
}

export const listParameters = queryParameters(listQuerySchema, listDescriptions, listDefaults);

export const sourceTypesParameters = queryParameters(sourceTypesQuerySchema, sourceTypesDescriptions);

export const slugParameter: Parameter = {
  name: "slug",
  in: "path",
  required: true,
  description: "The slug of a source.",
  schema: jsonSchema(slugSchema),
  example: "github",
};
