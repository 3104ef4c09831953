import type { SQLWrapper } from "drizzle-orm";
import { inArray, notInArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { apiTokens, listState, oauthSources } from "../src/db/schema.ts";
import type { SourceList } from "../src/sync/list.ts";

/** D1 takes statements of 100 KB; a source has 64 KiB at most. */
const statementBytes = 90_000;

const dialect = new SQLiteAsyncDialect();
const builder = drizzle.mock();

/** A statement as text, its values written out. */
const statement = (query: SQLWrapper) => `${dialect.sqlToQuery(query.getSQL().inlineParams()).sql};\n`;

/** The statements that replace a store's sources, for a database that only takes a file: `wrangler d1 execute --file`. */
export function listAsSql({ documents, held, beside }: SourceList, now: number): string {
  const isHolding = held.length > 0;
  const statements: SQLWrapper[] = [
    builder.delete(oauthSources).where(isHolding ? notInArray(oauthSources.pk, held) : undefined),
  ];
  let rows: SourceList["documents"] = [];
  let bytes = 0;
  const flush = () => {
    const slugs = rows.map(({ slug }) => slug);
    // What is held gives way to a source that has its slug meanwhile.
    if (isHolding) statements.push(builder.delete(oauthSources).where(inArray(oauthSources.slug, slugs)));
    if (rows.length > 0) statements.push(builder.insert(oauthSources).values(rows));
    [rows, bytes] = [[], 0];
  };
  for (const row of documents) {
    const size = Buffer.byteLength(row.document) + Buffer.byteLength(row.searchText);
    if (bytes + size > statementBytes) flush();
    rows.push(row);
    bytes += size;
  }
  flush();
  statements.push(
    builder.update(listState).set({
      revision: sql`${listState.revision} + 1`,
      changedAt: now,
      count: sql`(SELECT count(*) FROM ${oauthSources})`,
      ...(beside !== undefined && { beside }),
    }),
  );
  return statements.map(statement).join("");
}

/** The statement that stores a token's digest; one that is there already is renewed. */
export const tokenAsSql = (row: typeof apiTokens.$inferInsert): string =>
  statement(builder.insert(apiTokens).values(row).onConflictDoUpdate({ target: apiTokens.digest, set: row }));
