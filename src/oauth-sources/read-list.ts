import * as z from "zod/mini";
import { oauthSources } from "../db/schema.ts";
import { bytesOf, depthProblems, pageProblem, sizeProblem } from "./list-limits.ts";
import { searchText } from "./search-text.ts";
import { slugPattern } from "./serialize.ts";
import { sourceTypeSchema } from "./source-type.ts";
import { unsafeUrls } from "./unsafe-urls.ts";

export type StoredSource = typeof oauthSources.$inferSelect;

/** A whole list, in the form in which the store holds it. */
export interface SourceList {
  sources: StoredSource[];
  /** By provider type, the `type` object as JSON text. */
  types: Map<string, string>;
}

/** As many as a person reads: what is wrong with every row is not looked for in all of them. */
const mostProblems = 10;

/** What is wrong with a list: one line for each problem, naming the row, its slug and the field. */
export class InvalidList extends Error {
  override name = "InvalidList";
  readonly problems: string[];

  constructor(problems: string[]) {
    const more =
      problems.length < mostProblems ? [] : [`and perhaps more: the check stops at ${mostProblems} problems`];
    super([...problems, ...more].join("\n"));
    this.problems = problems;
  }
}

/** PostgreSQL holds no NUL, and no text is UTF-8 that has half a surrogate pair. */
const text = z.string().check(z.refine((value) => value.isWellFormed() && !value.includes("\0"), "is not valid text"));
const uuid = text.check(z.toLowerCase(), z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is not a UUID"));
const url = z._default(z.nullable(text.check(z.maxLength(255))), null);
const choice = <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values);

/** A row as authentik sends it. Unknown keys fall away, and with them `consumer_secret`; defaults are the contract's. */
const rowSchema = z.object({
  pk: uuid,
  name: text,
  slug: text.check(z.maxLength(50), z.regex(slugPattern, "may hold letters, digits, - and _ only")),
  enabled: z.boolean(),
  authentication_flow: z._default(z.nullable(uuid), null),
  enrollment_flow: z._default(z.nullable(uuid), null),
  policy_engine_mode: z._default(choice(oauthSources.policyEngineMode.enumValues), "any"),
  user_matching_mode: z._default(choice(oauthSources.userMatchingMode.enumValues), "identifier"),
  managed: z._default(z.nullable(text), null),
  user_path_template: z._default(text, "goauthentik.io/sources/%(slug)s"),
  icon: z._default(z.nullable(text), null),
  provider_type: text.check(z.maxLength(255)),
  request_token_url: url,
  authorization_url: url,
  access_token_url: url,
  profile_url: url,
  consumer_key: text,
  additional_scopes: z._default(text, ""),
  type: z.optional(sourceTypeSchema),
  oidc_well_known_url: z._default(text, ""),
  oidc_jwks_url: z._default(text, ""),
  /** Any JSON: the list was parsed from it. zod's own check of JSON costs the Worker more than a kilobyte. */
  oidc_jwks: z._default(z.unknown(), {}),
});

type Row = z.infer<typeof rowSchema>;

const answerSchema = z.object({
  pagination: z.optional(z.object({ count: z.int() })),
  results: z.array(z.unknown()),
});

/**
 * Reads a list in the API's own format: an answer with `results`, or a bare array.
 * @throws InvalidList naming some ten problems at most
 */
export function readList(json: unknown): SourceList {
  const rows = wholeList(json);
  const problems: string[] = [];
  const nameOf = (i: number) => `row ${i + 1} (slug ${shownSlug(rows[i])})`;
  const report = (i: number, problem: string) => problems.push(`${nameOf(i)}: ${problem}`);

  const list: SourceList = { sources: [], types: new Map() };
  const sizes: number[] = [];
  const seen = { pk: new Set<string>(), slug: new Set<string>(), managed: new Set<string>() };

  for (const [i, value] of rows.entries()) {
    if (problems.length >= mostProblems) break;
    const tooDeep = depthProblems(value);
    for (const problem of tooDeep) report(i, problem);
    if (tooDeep.length > 0) continue;
    const bytes = bytesOf(value);
    sizes.push(bytes);
    const tooLarge = sizeProblem(bytes);
    if (tooLarge) report(i, tooLarge);
    const { success, data: row, error } = rowSchema.safeParse(value);
    if (!success) {
      for (const issue of error.issues) report(i, `${issue.path.join(".") || "row"}: ${issue.message}`);
      continue;
    }
    for (const problem of unsafeUrls(row)) report(i, problem);
    for (const field of ["pk", "slug", "managed"] as const) {
      const unique = row[field];
      if (unique === null) continue;
      if (seen[field].has(unique)) report(i, `${field}: stands in another row too`);
      seen[field].add(unique);
    }
    if (row.type) {
      const type = JSON.stringify(row.type);
      if ((list.types.get(row.provider_type) ?? type) !== type)
        report(i, "type: differs from another row's of this provider_type");
      list.types.set(row.provider_type, type);
    }
    list.sources.push(storedForm(row));
  }
  const together = problems.length === 0 && pageProblem(sizes, nameOf);
  if (together) problems.push(together);
  if (problems.length > 0) throw new InvalidList(problems);
  return list;
}

/** A page that is not the whole list would remove all the other sources. */
function wholeList(json: unknown): unknown[] {
  if (Array.isArray(json)) return json;
  const { success, data } = answerSchema.safeParse(json);
  if (!success) throw new InvalidList(["neither a list of sources nor an answer of the API, which has `results`"]);
  const { pagination, results } = data;
  if (pagination && pagination.count !== results.length) {
    throw new InvalidList([
      `holds ${results.length} of ${pagination.count} sources: ask for all of them, with page_size=1000`,
    ]);
  }
  return results;
}

/** In quotes, so that no control character reaches a terminal; never in part, since what redacts a secret would not find it. */
function shownSlug(row: unknown): string {
  const slug = typeof row === "object" && row !== null && "slug" in row ? row.slug : null;
  if (typeof slug !== "string") return "null";
  return slug.length > 100 ? `of ${slug.length} characters` : JSON.stringify(slug);
}

function storedForm(row: Row): StoredSource {
  return {
    pk: row.pk,
    name: row.name,
    slug: row.slug,
    enabled: row.enabled,
    authenticationFlow: row.authentication_flow,
    enrollmentFlow: row.enrollment_flow,
    policyEngineMode: row.policy_engine_mode,
    userMatchingMode: row.user_matching_mode,
    managed: row.managed,
    userPathTemplate: row.user_path_template,
    icon: row.icon,
    providerType: row.provider_type,
    requestTokenUrl: row.request_token_url,
    authorizationUrl: row.authorization_url,
    accessTokenUrl: row.access_token_url,
    profileUrl: row.profile_url,
    consumerKey: row.consumer_key,
    additionalScopes: row.additional_scopes,
    oidcWellKnownUrl: row.oidc_well_known_url,
    oidcJwksUrl: row.oidc_jwks_url,
    oidcJwks: JSON.stringify(row.oidc_jwks),
    searchText: searchText(row.name, row.slug),
  };
}
