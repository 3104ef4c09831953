import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  type SQLiteColumn,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { type ColumnName, type Field, fieldsWith } from "../source/fields.ts";

/** A check in SQL's own words: DDL takes no bound values. */
const isOneOf = (column: SQLiteColumn) =>
  sql`${column} IN (${sql.raw((column.enumValues ?? []).map((value) => `'${value}'`).join(", "))})`;

type FieldWithColumn = Field & Required<Pick<Field, "column">>;

/** What can be no other than text, in whatever list. */
const isIdentity = (name: string) => name === "name" || name === "slug";

/** What the document holds, where that is of the column's type; what is not counts as absent. */
function columnValue(
  name: string,
  { column: { type, isNullable, ...column }, default: fallback = "" }: FieldWithColumn,
) {
  const [jsonType, value] = [`json_type(document, '$.${name}')`, `document ->> '$.${name}'`];
  if (isIdentity(name)) return value;
  if (type === "boolean") return `CASE ${jsonType} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END`;
  const otherwise = column.fallback ?? (isNullable ? undefined : fallback);
  return `CASE ${jsonType} WHEN 'text' THEN ${value}${otherwise === undefined ? "" : ` ELSE '${otherwise}'`} END`;
}

/** Virtual where an index holds it; stored elsewhere, since a scan over virtual columns takes three times as long. */
function generatedColumn(name: string, field: FieldWithColumn) {
  const { type, index, isNullable } = field.column;
  const expression = sql.raw(columnValue(name, field));
  const mode = index ? "virtual" : "stored";
  if (type === "boolean") return integer(name, { mode: "boolean" }).generatedAlwaysAs(expression, { mode });
  const column = text(name).generatedAlwaysAs(expression, { mode });
  return isNullable ? column : column.notNull();
}

// Readers write their own SQL over this table: marked pure, bundles of hosts that only read leave it out.
const columns = /* @__PURE__ */ fieldsWith("column");

const generatedColumns = () =>
  Object.fromEntries(columns.map(([name, field]) => [name, generatedColumn(name, field)])) as Record<
    ColumnName,
    ReturnType<typeof generatedColumn>
  >;

/** A check that comes out as NULL passes, so this one is false instead. */
const typeCheck = (name: string) =>
  check(`${name}_has_its_type`, sql.raw(`coalesce(json_type(document, '$.${name}'), '') IN ('text')`));

/**
 * A source as the document that authentik sent, and generated columns over it for whatever is filtered or ordered by: a
 * writer cannot make the two disagree. The table itself refuses what is no source; it takes every value besides.
 */
export const oauthSources = /* @__PURE__ */ sqliteTable(
  "oauth_sources",
  () => ({
    pk: text().primaryKey(),
    /** The source as JSON, in the order of its keys; its `callback_url` is set when it is read. */
    document: text().notNull(),
    /** What `search` looks through; every writer fills it with `searchText(name, slug)`. */
    searchText: text("search_text").notNull(),
    ...generatedColumns(),
    hasJwks: integer("has_jwks", { mode: "boolean" }).generatedAlwaysAs(
      sql.raw("coalesce(document -> '$.oidc_jwks', '{}') <> '{}'"),
      { mode: "stored" },
    ),
  }),
  (table) => [
    check("document_is_json", sql.raw("typeof(document) = 'text' AND json_valid(document)")),
    check("document_has_the_pk", sql.raw("document ->> '$.pk' IS pk")),
    check("document_has_no_secret", sql.raw("json_type(document, '$.consumer_secret') IS NULL")),
    ...columns.flatMap(([name]) => (isIdentity(name) ? [typeCheck(name)] : [])),
    // The default order; with the text of searches, which are answered from this index alone where they find nothing.
    index("oauth_sources_by_name").on(table.name, table.pk, table.searchText),
    ...columns.flatMap(([name, { column }]) => {
      if (column.index === undefined || name === "name") return [];
      return [(column.index === "unique" ? uniqueIndex : index)(`oauth_sources_by_${name}`).on(table[name])];
    }),
  ],
);

/** What `source_types/` gives: the documented types by a migration, then what authentik's own gives. */
export const sourceTypes = sqliteTable(
  "source_types",
  {
    name: text().primaryKey(),
    /** authentik's order. */
    position: integer().notNull(),
    /** JSON, as on the wire. */
    type: text().notNull(),
  },
  () => [check("type_is_json", sql.raw("coalesce(json_type(type), '') = 'object'"))],
);

/** The state of the list as a whole: a single row, renewed by every change. */
export const listState = sqliteTable(
  "list_state",
  {
    id: integer().primaryKey(),
    /** Goes up by one with every write, and with every run that finds nothing to write; a writer that has read before is refused. */
    revision: integer().notNull(),
    /** When the list last changed, in milliseconds since 1970; 0: never. */
    changedAt: integer("changed_at").notNull(),
    /** How many sources there are: to count them is to read the whole table. */
    count: integer().notNull(),
    /** What authentik sends beside `pagination` and `results`, as a JSON object. */
    beside: text().notNull(),
  },
  (table) => [
    check("single_row", sql`${table.id} = 1`),
    check("beside_is_json", sql.raw("coalesce(json_type(beside), '') = 'object'")),
  ],
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

/** The public keys of the issuers whose access tokens are taken, as the sync has read them. */
export const issuerKeys = sqliteTable(
  "issuer_keys",
  {
    issuer: text().primaryKey(),
    /** An array of JSON Web Keys (RFC 7517), as JSON. */
    keys: text().notNull(),
    /** Milliseconds since 1970. */
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [check("keys_are_a_list", sql`coalesce(json_type(${table.keys}) = 'array', 0)`)],
);

/**
 * The icons of sources, by the `pk`: under its slug, a renamed source whose icon cannot be had would show another vendor's. Times
 * are milliseconds since 1970.
 */
export const icons = sqliteTable(
  "icons",
  {
    pk: text().notNull(),
    /** `""`: for any. */
    theme: text({ enum: ["", "light", "dark"] }).notNull(),
    /** The address of the icon, without what signs it: a path is below authentik's. */
    address: text().notNull(),
    /** The server's, for the next question. */
    etag: text(),
    /** The image; null where none was ever had. */
    digest: text(),
    /** Why it could not be had when it was last asked for; the image stays. */
    problem: text(),
    askedAt: integer("asked_at").notNull(),
  },
  (table) => [unique("one_icon_a_theme").on(table.pk, table.theme), check("theme_is_known", isOneOf(table.theme))],
);

/** The images of icons, each once: many sources have the icon of their type. */
export const iconImages = sqliteTable("icon_images", {
  /** SHA-256 of the bytes, in hexadecimal. */
  digest: text().primaryKey(),
  /** The media type. */
  type: text().notNull(),
  /** Base64: a blob of 256 KiB comes out of a local D1 as an array of 262,144 numbers. Last, so that scans need not read it. */
  body: text().notNull(),
});

/** What was odd about a value that a run has read, as src/sync/warning.ts has it. */
export interface RunWarning {
  /** The slug of the source; null where it is of no source. */
  source: string | null;
  /** The key that holds the value; dots lead into it. */
  key: string;
  what: string;
  /** More of it: a scheme, a size, a reason. */
  detail?: string | undefined;
}

/** What became of each run of the sync: the newest ones, and the last good one. Times are milliseconds since 1970. */
export const syncRuns = sqliteTable(
  "sync_runs",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    startedAt: integer("started_at").notNull(),
    durationMs: integer("duration_ms").notNull(),
    /** What started it. */
    trigger: text({ enum: ["cron", "webhook", "command"] }).notNull(),
    /** Where the list was read, without credentials or query. */
    upstream: text().notNull(),
    /** `superseded`: other writers were faster each time, and nothing was written. */
    outcome: text({ enum: ["changed", "unchanged", "superseded", "failed"] }).notNull(),
    /** How many sources; null where it did not come to a comparison. */
    added: integer(),
    changed: integer(),
    removed: integer(),
    unchanged: integer(),
    /** How many addresses of icons were signed anew, of sources that are unchanged otherwise. */
    renewed: integer().notNull().default(0),
    /** A sentence for a person; null where nothing went wrong. */
    error: text(),
    /** How many values were odd. */
    warnings: integer().notNull().default(0),
    /** The first of them. */
    firstWarnings: text("first_warnings", { mode: "json" }).$type<RunWarning[]>().notNull().default([]),
  },
  (table) => [check("outcome_is_known", isOneOf(table.outcome)), check("trigger_is_known", isOneOf(table.trigger))],
);
