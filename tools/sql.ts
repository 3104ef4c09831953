import type { SQLWrapper } from "drizzle-orm";
import { inArray, notInArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { apiTokens, listState, oauthSources } from "../src/db/schema.ts";
import type { SourceList } from "../src/sync/list.ts";

/** D1 takes statements of 100 KB. */
const statementBytes = 100_000;

const dialect = new SQLiteAsyncDialect();
const builder = drizzle.mock();

/** What no scanner of SQL acts upon: wrangler looks for words and line ends in values too. */
const isHarmless = /^(?:(?!--|\/\*|\b(?:begin|commit|end|pragma|transaction|trigger)\b)[^';\n\r\0])*$/i;

/** A value as SQL. Text that a scanner could misread is written as the digits of its bytes. */
function literal(value: unknown): string {
  if (typeof value !== "string") return value === null ? "NULL" : String(Number(value));
  return isHarmless.test(value) ? `'${value}'` : `CAST(X'${Buffer.from(value).toString("hex")}' AS TEXT)`;
}

/** A statement as text, its values written out. */
function statement(query: SQLWrapper): string {
  const { sql: text, params } = dialect.sqlToQuery(query.getSQL());
  const values = params.values();
  return `${text.replaceAll("?", () => literal(values.next().value))};\n`;
}

const insert = (rows: SourceList["documents"]) => statement(builder.insert(oauthSources).values(rows));

/**
 * The statements that replace a store's sources, for a database that only takes a file: `wrangler d1 execute --file`.
 * @throws Error naming a source that no statement can hold
 */
export function listAsSql({ documents, held, beside }: SourceList, now: number): string {
  const isHolding = held.length > 0;
  const statements = [
    statement(builder.delete(oauthSources).where(isHolding ? notInArray(oauthSources.pk, held) : undefined)),
  ];
  for (const rows of inStatements(documents)) {
    const slugs = rows.map(({ slug }) => slug);
    // What is held gives way to a source that has its slug meanwhile.
    if (isHolding) statements.push(statement(builder.delete(oauthSources).where(inArray(oauthSources.slug, slugs))));
    statements.push(insert(rows));
  }
  const state = builder.update(listState).set({
    revision: sql`${listState.revision} + 1`,
    changedAt: now,
    count: sql`(SELECT count(*) FROM ${oauthSources})`,
    ...(beside !== undefined && { beside }),
  });
  return [...statements, statement(state)].join("");
}

/** As many rows a statement as D1 takes, by what is written of them. */
function inStatements(documents: SourceList["documents"]): SourceList["documents"][] {
  const groups: SourceList["documents"][] = [];
  let bytes = statementBytes;
  for (const row of documents) {
    const size = Buffer.byteLength(insert([row]));
    if (size > statementBytes)
      throw new Error(`the source ${row.slug} is too large for a statement of D1: ${size} bytes`);
    bytes += size;
    if (bytes > statementBytes) {
      groups.push([]);
      bytes = size;
    }
    groups.at(-1)?.push(row);
  }
  return groups;
}

/** The statement that stores a token's digest. One that is there already stays as it is: it may have been revoked since. */
export const tokenAsSql = (row: typeof apiTokens.$inferInsert): string =>
  statement(builder.insert(apiTokens).values(row).onConflictDoNothing());
