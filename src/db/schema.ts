import { sql } from "drizzle-orm";
import { check, index, integer, type SQLiteColumn, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** A check in SQL's own words: DDL takes no bound values. */
const isOneOf = (column: SQLiteColumn) =>
  sql`${column} IN (${sql.raw((column.enumValues ?? []).map((value) => `'${value}'`).join(", "))})`;

/**
 * One row per OAuth source, named and typed as the endpoint gives it (docs/contract.md, "200").
 * Absent on purpose: `consumer_secret`, which is never stored, and what is computed (`callback_url`, `type`).
 */
export const oauthSources = sqliteTable(
  "oauth_sources",
  {
    pk: text().primaryKey(),
    name: text().notNull(),
    slug: text().notNull().unique(),
    enabled: integer({ mode: "boolean" }).notNull(),
    authenticationFlow: text("authentication_flow"),
    enrollmentFlow: text("enrollment_flow"),
    policyEngineMode: text("policy_engine_mode", { enum: ["all", "any"] }).notNull(),
    userMatchingMode: text("user_matching_mode", {
      enum: ["identifier", "email_link", "email_deny", "username_link", "username_deny"],
    }).notNull(),
    managed: text().unique(),
    userPathTemplate: text("user_path_template").notNull(),
    icon: text(),
    providerType: text("provider_type").notNull(),
    requestTokenUrl: text("request_token_url"),
    authorizationUrl: text("authorization_url"),
    accessTokenUrl: text("access_token_url"),
    profileUrl: text("profile_url"),
    consumerKey: text("consumer_key").notNull(),
    additionalScopes: text("additional_scopes").notNull(),
    oidcWellKnownUrl: text("oidc_well_known_url").notNull(),
    oidcJwksUrl: text("oidc_jwks_url").notNull(),
    /** JSON text. Not a JSON column: Drizzle would store the JSON value `null` as SQL's NULL. */
    oidcJwks: text("oidc_jwks").notNull(),
    /** What `search` looks through; every writer fills it with `searchText(name, slug)`. */
    searchText: text("search_text").notNull(),
  },
  (table) => [
    check("enabled_is_boolean", sql`${table.enabled} IN (0, 1)`),
    check("policy_engine_mode_is_known", isOneOf(table.policyEngineMode)),
    check("user_matching_mode_is_known", isOneOf(table.userMatchingMode)),
    check("oidc_jwks_is_json", sql`json_valid(${table.oidcJwks})`),
    // The default order; with the text of searches, which are answered from this index alone where they find nothing.
    index("oauth_sources_by_name").on(table.name, table.pk, table.searchText),
    index("oauth_sources_by_provider_type").on(table.providerType),
    index("oauth_sources_by_consumer_key").on(table.consumerKey),
    index("oauth_sources_by_authentication_flow").on(table.authenticationFlow),
    index("oauth_sources_by_enrollment_flow").on(table.enrollmentFlow),
  ],
);

/** The `type` object of each provider type: the documented ones come with a migration, others with an import. */
export const sourceTypes = sqliteTable(
  "source_types",
  {
    providerType: text("provider_type").primaryKey(),
    /** JSON text, as `type` stands on the wire. */
    type: text().notNull(),
  },
  (table) => [check("type_is_json", sql`json_valid(${table.type})`)],
);

/** The state of the list as a whole: a single row, renewed in the transaction of every change. */
export const listState = sqliteTable(
  "list_state",
  {
    id: integer().primaryKey(),
    /** Goes up by one with every change; a writer that compared with an older one is refused. */
    revision: integer().notNull(),
    /** When the list last changed, in milliseconds since 1970; 0: never. */
    changedAt: integer("changed_at").notNull(),
    /** How many sources there are. Triggers keep it, whoever writes: to count is to read the whole table. */
    count: integer().notNull().default(0),
  },
  (table) => [check("single_row", sql`${table.id} = 1`)],
);

/** Bearer tokens, as digests: the token itself is shown once and stored nowhere. Times are milliseconds since 1970. */
export const apiTokens = sqliteTable(
  "api_tokens",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    /** SHA-256 of the token, in hexadecimal. */
    digest: text().notNull().unique(),
    lastFour: text("last_four").notNull(),
    scope: text({ enum: ["sources:read", "none"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    revokedAt: integer("revoked_at"),
  },
  (table) => [check("scope_is_known", isOneOf(table.scope))],
);

/** What became of each run of the sync: the newest ones, and the last good one. Times are milliseconds since 1970. */
export const syncRuns = sqliteTable(
  "sync_runs",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    startedAt: integer("started_at").notNull(),
    durationMs: integer("duration_ms").notNull(),
    /** Where the list was read, without credentials or query. */
    upstream: text().notNull(),
    /** `superseded`: another writer was faster, and nothing was written. */
    outcome: text({ enum: ["changed", "unchanged", "superseded", "failed"] }).notNull(),
    /** How many sources; null where it did not come to a comparison. */
    added: integer(),
    changed: integer(),
    removed: integer(),
    unchanged: integer(),
    /** A sentence for a person; null where nothing went wrong. */
    error: text(),
  },
  (table) => [check("outcome_is_known", isOneOf(table.outcome))],
);
