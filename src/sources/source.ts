import * as z from "zod/mini";
import { oauthSources } from "../db/schema.ts";
import { Unavailable } from "../unavailable.ts";
import type { SourceRow } from "./page.ts";
import { paginationSchema } from "./pagination.ts";
import { readSourceType, sourceTypeSchema, unknownType } from "./source-type.ts";

const uuid = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
/** Of a slug, which has 50 characters at most. */
export const slugPattern = /^[-a-zA-Z0-9_]+$/;
export const slugSchema = z.string().check(z.maxLength(50), z.regex(slugPattern));
const url = z.nullable(z.string().check(z.maxLength(255)));

/** One of `results`, its keys in the order of the wire (docs/contract.md, "200"). */
export const oauthSourceSchema = z.object({
  pk: uuid,
  name: z.string(),
  slug: slugSchema,
  enabled: z.boolean(),
  authentication_flow: z.nullable(uuid),
  enrollment_flow: z.nullable(uuid),
  component: z.literal("ak-source-oauth-form"),
  verbose_name: z.literal("OAuth Source"),
  verbose_name_plural: z.literal("OAuth Sources"),
  meta_model_name: z.literal("authentik_sources_oauth.oauthsource"),
  policy_engine_mode: z.enum(oauthSources.policyEngineMode.enumValues),
  user_matching_mode: z.enum(oauthSources.userMatchingMode.enumValues),
  managed: z.nullable(z.string()),
  user_path_template: z.string(),
  icon: z.nullable(z.string()),
  provider_type: z.string().check(z.maxLength(255)),
  request_token_url: url,
  authorization_url: url,
  access_token_url: url,
  profile_url: url,
  consumer_key: z.string(),
  callback_url: z.string(),
  additional_scopes: z.string(),
  type: sourceTypeSchema,
  oidc_well_known_url: z.string(),
  oidc_jwks_url: z.string(),
  /** Any JSON: the table's check holds that it is. */
  oidc_jwks: z.unknown(),
});

export type OAuthSource = z.infer<typeof oauthSourceSchema>;

/** The body of a 200. */
export const sourcesPageSchema = /* @__PURE__ */ z.object({
  pagination: paginationSchema,
  results: /* @__PURE__ */ z.array(oauthSourceSchema),
});

export type SourcesPage = z.infer<typeof sourcesPageSchema>;

/**
 * A row as the wire has it. The schema gives the order of the keys, and lets no row pass that breaks the contract.
 * @param publicUrl where authentik is, without a slash at its end: callback URLs are built on it
 * @throws Unavailable naming the row and its fields
 */
export function serialize(row: SourceRow, publicUrl: string): OAuthSource {
  try {
    return oauthSourceSchema.parse(wireForm(row, publicUrl));
  } catch (error) {
    throw new Unavailable(`the source ${row.pk} in the store breaks the contract`, { cause: error });
  }
}

/** A name may be any text, of which `../` and `?` would lead elsewhere. authentik's own are made as slugs are. */
const defaultIcon = (name: string) =>
  `/static/authentik/sources/${slugPattern.test(name) ? name : unknownType.name}.svg`;

function wireForm(row: SourceRow, publicUrl: string): z.input<typeof oauthSourceSchema> {
  const type = row.type === null ? unknownType : readSourceType(row.type);
  return {
    pk: row.pk,
    name: row.name,
    slug: row.slug,
    enabled: row.enabled,
    authentication_flow: row.authenticationFlow,
    enrollment_flow: row.enrollmentFlow,
    component: "ak-source-oauth-form",
    verbose_name: "OAuth Source",
    verbose_name_plural: "OAuth Sources",
    meta_model_name: "authentik_sources_oauth.oauthsource",
    policy_engine_mode: row.policyEngineMode,
    user_matching_mode: row.userMatchingMode,
    managed: row.managed,
    user_path_template: row.userPathTemplate,
    icon: row.icon || defaultIcon(type.name),
    provider_type: row.providerType,
    request_token_url: row.requestTokenUrl,
    authorization_url: row.authorizationUrl,
    access_token_url: row.accessTokenUrl,
    profile_url: row.profileUrl,
    consumer_key: row.consumerKey,
    callback_url: `${publicUrl}/source/oauth/callback/${row.slug}/`,
    additional_scopes: row.additionalScopes,
    type,
    oidc_well_known_url: row.oidcWellKnownUrl,
    oidc_jwks_url: row.oidcJwksUrl,
    oidc_jwks: JSON.parse(row.oidcJwks),
  };
}
