import * as z from "zod/mini";
import { oauthSources } from "../db/schema.ts";
import { defaultOrdering, readOrdering, writeOrdering } from "./ordering.ts";
import { boolean, choice, flag, integer, list, text, uuid } from "./parameter.ts";
import { searchTerms } from "./search.ts";

/** The exact filters: how each one's value is read, and the column it must equal. A new filter is one line here. */
export const filters = {
  name: { parameter: text(), column: oauthSources.name },
  slug: { parameter: text(), column: oauthSources.slug },
  enabled: { parameter: boolean(), column: oauthSources.enabled },
  authentication_flow: { parameter: uuid(), column: oauthSources.authenticationFlow },
  enrollment_flow: { parameter: uuid(), column: oauthSources.enrollmentFlow },
  policy_engine_mode: {
    parameter: choice(oauthSources.policyEngineMode.enumValues),
    column: oauthSources.policyEngineMode,
  },
  user_matching_mode: {
    parameter: choice(oauthSources.userMatchingMode.enumValues),
    column: oauthSources.userMatchingMode,
  },
  provider_type: { parameter: text(), column: oauthSources.providerType },
  request_token_url: { parameter: text(), column: oauthSources.requestTokenUrl },
  authorization_url: { parameter: text(), column: oauthSources.authorizationUrl },
  access_token_url: { parameter: text(), column: oauthSources.accessTokenUrl },
  profile_url: { parameter: text(), column: oauthSources.profileUrl },
  consumer_key: { parameter: text(), column: oauthSources.consumerKey },
  additional_scopes: { parameter: text(), column: oauthSources.additionalScopes },
};

type Filters = typeof filters;
export type FilterName = keyof Filters;
export const filterNames = Object.keys(filters) as FilterName[];

const filterParameters = Object.fromEntries(filterNames.map((name) => [name, filters[name].parameter])) as {
  [Name in FilterName]: Filters[Name]["parameter"];
};

/** The query of `GET /sources/oauth/`, from the last value of each parameter (docs/contract.md, "Query parameters"). */
export const listQuerySchema = z.object({
  ...filterParameters,
  has_jwks: flag(),
  search: list(searchTerms),
  ordering: list(readOrdering, defaultOrdering),
  page: integer({ minimum: 1, fallback: 1 }),
  page_size: integer({ minimum: 1, maximum: 1000, fallback: 100 }),
});

export type ListQuery = z.infer<typeof listQuerySchema>;

/** What each parameter would have to be sent as. */
const written = ({ search, ordering, ...others }: ListQuery) => ({
  ...others,
  search: search.join(" "),
  ordering: writeOrdering(ordering),
});

const defaults = new Map<string, unknown>(Object.entries(written(listQuerySchema.parse({}))));

/**
 * The canonical form of a query: known parameters only, as parsed, defaults dropped, sorted. Reading it gives the same query
 * again.
 */
export function canonicalQuery(query: ListQuery): string {
  const parameters = Object.entries(written(query))
    .filter(([name, value]) => value !== undefined && value !== defaults.get(name))
    .map(([name, value]): [string, string] => [name, String(value)]);
  const canonical = new URLSearchParams(parameters);
  canonical.sort();
  return canonical.toString();
}
