import { oauthSources } from "../db/schema.ts";
import { strip } from "./white-space.ts";

/** The fields that `ordering` takes, by their names on the wire. */
export const orderable = {
  pk: oauthSources.pk,
  name: oauthSources.name,
  slug: oauthSources.slug,
  enabled: oauthSources.enabled,
  authentication_flow: oauthSources.authenticationFlow,
  enrollment_flow: oauthSources.enrollmentFlow,
  policy_engine_mode: oauthSources.policyEngineMode,
  user_matching_mode: oauthSources.userMatchingMode,
  managed: oauthSources.managed,
  user_path_template: oauthSources.userPathTemplate,
  provider_type: oauthSources.providerType,
  request_token_url: oauthSources.requestTokenUrl,
  authorization_url: oauthSources.authorizationUrl,
  access_token_url: oauthSources.accessTokenUrl,
  profile_url: oauthSources.profileUrl,
  consumer_key: oauthSources.consumerKey,
  additional_scopes: oauthSources.additionalScopes,
  oidc_well_known_url: oauthSources.oidcWellKnownUrl,
  oidc_jwks_url: oauthSources.oidcJwksUrl,
};

export type OrderField = keyof typeof orderable;

export interface OrderTerm {
  field: OrderField;
  descending: boolean;
}

export const defaultOrdering: OrderTerm[] = [{ field: "name", descending: false }];

/** No two sources are equal in these, so whatever follows one of them changes nothing. */
const uniqueFields: readonly OrderField[] = ["pk", "slug"];

/** Comes last in every ordering, ascending. */
const tieBreak: OrderField = "pk";

const isOrderField = (name: string): name is OrderField => Object.hasOwn(orderable, name);

/** Reads a comma list, `-` for descending. Never fails: unknown terms are dropped, nothing left means `name` (docs/contract.md, "Ordering"). */
export function readOrdering(text: string): OrderTerm[] {
  const terms = new Map<OrderField, OrderTerm>();
  for (const term of text.split(",").map((part) => strip(part))) {
    const descending = term.startsWith("-");
    const field = descending ? term.slice(1) : term;
    if (!isOrderField(field) || terms.has(field)) continue;
    if (field === tieBreak && !descending && terms.size > 0) break;
    terms.set(field, { field, descending });
    if (uniqueFields.includes(field)) break;
  }
  return terms.size === 0 ? defaultOrdering : [...terms.values()];
}

/** The inverse of `readOrdering`. */
export const writeOrdering = (terms: readonly OrderTerm[]): string =>
  terms.map(({ field, descending }) => `${descending ? "-" : ""}${field}`).join(",");
