import type { SQLWrapper } from "drizzle-orm";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { apiTokens, listState, oauthSources, sourceTypes } from "../src/db/schema.ts";
import type { SourceList } from "../src/sync/list.ts";

/** D1 takes statements of 100 KB: of rows with their keys that is some dozens. */
const rowsPerStatement = 10;

const dialect = new SQLiteAsyncDialect();
const builder = drizzle.mock();

/** A statement as text, its values written out. */
const statement = (query: SQLWrapper) => `${dialect.sqlToQuery(query.getSQL().inlineParams()).sql};\n`;

/** The statements that replace a store's sources, for a database that only takes a file: `wrangler d1 execute --file`. */
export function listAsSql({ sources, types }: SourceList, now: number): string {
  const statements: SQLWrapper[] = [builder.delete(oauthSources)];
  for (let i = 0; i < sources.length; i += rowsPerStatement) {
    statements.push(builder.insert(oauthSources).values(sources.slice(i, i + rowsPerStatement)));
  }
  for (const [providerType, type] of types) {
    statements.push(
      builder
        .insert(sourceTypes)
        .values({ providerType, type })
        .onConflictDoUpdate({ target: sourceTypes.providerType, set: { type } }),
    );
  }
  statements.push(builder.update(listState).set({ revision: sql`${listState.revision} + 1`, changedAt: now }));
  return statements.map(statement).join("");
}

/** The statement that stores a token's digest. */
export const tokenAsSql = (row: typeof apiTokens.$inferInsert): string =>
  statement(builder.insert(apiTokens).values(row));
