import * as z from "zod/mini";
import { boolean, choice, type Parameter, text, uuid } from "./parameter.ts";
import { sourceTypeSchema, validText } from "./source-type.ts";

/** All that the code knows of one key of a source. */
export interface Field {
  /** What a source holds under it, as its authentik documents it; only `pk`, `name` and `slug` must. */
  check: z.ZodMiniType;
  /** The contract's default where a source lacks it; computed where it depends on other fields. */
  default?: unknown;
  /** Whether it came with a version after 2024.6: a source may lack it, and then it is not there on the wire either. */
  isNewer?: true;
  /** Its generated column, where it is filtered or ordered by. */
  column?: Column;
  /** How the parameter of the same name is read that filters by it; it needs a column. */
  filter?: Parameter<string | boolean | undefined>;
}

export interface Column {
  type: "text" | "boolean";
  isNullable?: true;
  /** What a source without a value of this type counts as. @default the field's default; for text without one `""` */
  fallback?: string;
  index?: "index" | "unique";
}

/** As authentik writes it: filters compare it by its letters. */
const uuidString = validText.check(
  z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is not a UUID in lower case"),
);
const flow = z.nullable(uuidString);
const url = z.nullable(validText.check(z.maxLength(255)));
/** authentik had 50, and has no limit since 2025.12. */
const longestSlug = 255;

/** As authentik's models have it. */
export const slugSchema = validText.check(
  z.maxLength(longestSlug),
  z.regex(/^[-a-zA-Z0-9_]+$/, "may hold letters, digits, - and _ only"),
);

const required: Column = { type: "text" };
const nullable: Column = { type: "text", isNullable: true };
const indexed = (column: Column, index: "index" | "unique" = "index"): Column => ({ ...column, index });

/**
 * The keys of a source in the order of the wire (docs/contract.md, "200"), then those of later versions. A choice that is
 * new to us is taken and served as it is: one new word upstream must not stop the replica. A filter is one line here, over a
 * field that has a column; a new column needs a migration too. The comments are the description's too (tools/openapi).
 */
export const fields = {
  /** The source's UUID. */
  pk: { check: uuidString },
  /** What people see. */
  name: { check: validText, column: indexed(required), filter: text() },
  /** Names the source in URLs; unique. */
  slug: { check: slugSchema, column: indexed(required, "unique"), filter: text() },
  /** Whether people can sign in with it. */
  enabled: { check: z.boolean(), column: { type: "boolean", isNullable: true }, filter: boolean() },
  /** The UUID of the flow for people who are known. */
  authentication_flow: { check: flow, default: null, column: indexed(nullable), filter: uuid() },
  /** The UUID of the flow for people who are new. */
  enrollment_flow: { check: flow, default: null, column: indexed(nullable), filter: uuid() },
  /** The form that authentik's own interface edits it with. */
  component: { check: validText, default: "ak-source-oauth-form" },
  /** What one object of this kind is called. */
  verbose_name: { check: validText, default: "OAuth Source" },
  /** What many of them are called. */
  verbose_name_plural: { check: validText, default: "OAuth Sources" },
  /** The model in authentik. */
  meta_model_name: { check: validText, default: "authentik_sources_oauth.oauthsource" },
  /** Whether all policies must agree, or any one. */
  policy_engine_mode: { check: validText, default: "any", column: required, filter: choice(["all", "any"]) },
  /** How a person is matched with a user who exists. */
  user_matching_mode: {
    check: validText,
    default: "identifier",
    column: required,
    filter: choice(["identifier", "email_link", "email_deny", "username_link", "username_deny"]),
  },
  /** Who manages the object, where that is not a person. */
  managed: { check: z.nullable(validText), default: null, column: indexed(nullable) },
  /** The path that new users get. */
  user_path_template: { check: validText, default: "goauthentik.io/sources/%(slug)s", column: required },
  /** The icon's address; a path is below authentik's public URL. */
  icon: { check: z.nullable(validText), default: null },
  /** The name of the source's type. */
  provider_type: { check: validText.check(z.maxLength(255)), column: indexed(required), filter: text() },
  /** Where OAuth 1 asks for a request token. */
  request_token_url: { check: url, default: null, column: nullable, filter: text() },
  /** Where people are sent to sign in. */
  authorization_url: { check: url, default: null, column: nullable, filter: text() },
  /** Where the code is exchanged for a token. */
  access_token_url: { check: url, default: null, column: nullable, filter: text() },
  /** Where the person's profile is read. */
  profile_url: { check: url, default: null, column: nullable, filter: text() },
  /** The client ID at the provider. */
  consumer_key: { check: validText, column: indexed(required), filter: text() },
  /** Where the provider sends people back to, below authentik's public URL. */
  callback_url: { check: z.string(), default: "" },
  /** The scopes that are asked for besides the type's own. */
  additional_scopes: { check: validText, default: "", column: required, filter: text() },
  /** The source's type. */
  type: { check: sourceTypeSchema, default: null },
  /** The OpenID Connect discovery document; may be empty. */
  oidc_well_known_url: { check: validText, default: "", column: required },
  /** The provider's JSON Web Key Set; may be empty. */
  oidc_jwks_url: { check: validText, default: "", column: required },
  /** The keys themselves, any JSON: an object in practice, `{}` where there are none. */
  oidc_jwks: { check: z.unknown(), default: {} },
  /** Whether it is shown more prominently. */
  promoted: { check: z.boolean(), isNewer: true, column: { type: "boolean", isNullable: true } },
  /** The UUIDs of the mappings of user properties. */
  user_property_mappings: { check: z.unknown(), isNewer: true },
  /** The UUIDs of the mappings of group properties. */
  group_property_mappings: { check: z.unknown(), isNewer: true },
  /** The URL of the icon to show. */
  icon_url: { check: z.nullable(validText), isNewer: true },
  /** The icon's URLs for light and dark themes. */
  icon_themed_urls: { check: z.unknown(), isNewer: true },
  /** How a group is matched with one that exists; a source that does not say counts as `identifier`. */
  group_matching_mode: {
    check: validText,
    isNewer: true,
    column: { type: "text", isNullable: true, fallback: "identifier" },
    filter: choice(["identifier", "name_link", "name_deny"]),
  },
  /** The method of PKCE: none, plain or S256. */
  pkce: { check: validText, isNewer: true, column: nullable },
  /** How the client authenticates for the code: basic_auth or post_body. */
  authorization_code_auth_method: { check: validText, isNewer: true, column: nullable },
} satisfies Record<string, Field>;

type Fields = typeof fields;
export type FieldName = keyof Fields;

/** The fields with some property, by name. */
type With<P extends keyof Field> = { [K in FieldName]: Fields[K] extends Record<P, unknown> ? K : never }[FieldName];

export type FilterName = With<"filter">;
export type ColumnName = With<"column">;
export type NewerName = With<"isNewer">;
export type DocumentedName = Exclude<FieldName, NewerName>;

export const fieldEntries = Object.entries(fields) as [FieldName, Field][];

/** Narrowed to the fields that have the property. */
export const fieldsWith = <P extends "filter" | "column" | "isNewer">(property: P) =>
  fieldEntries.filter((entry): entry is [With<P>, Field & Required<Pick<Field, P>>] => property in entry[1]);
