import type { SQLWrapper } from "drizzle-orm";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { apiTokens, iconImages, icons, listState, oauthSources } from "../src/db/schema.ts";
import type { SourceList } from "../src/sync/list.ts";
import { iconsOfNoSource, imagesOfNoIcon } from "../src/sync/write.ts";

/** Of all values of a statement, as they are written: D1 takes statements of 100 KB. */
const statementBytes = 90_000;
/** Of one of them: a source has two that may be long. */
const inlineBytes = 40_000;
/** Of a longer value, before it is written with two digits a byte. */
const pieceBytes = 40_000;

const dialect = new SQLiteAsyncDialect();
const builder = drizzle.mock();

/** What no scanner of SQL acts upon, wherever it looks: wrangler looks for words in values too, and in the midst of words. */
const isHarmless = /^(?:(?!--|\/\*|begin|commit|end|pragma|transaction|trigger)[^';\n\r\0])*$/i;

const digits = (bytes: Buffer) => `CAST(X'${bytes.toString("hex")}' AS TEXT)`;

/** Text that a scanner could misread is written as the digits of its bytes. */
const literal = (text: string) => (isHarmless.test(text) ? `'${text}'` : digits(Buffer.from(text)));

const isLong = (text: string) => Buffer.byteLength(text) > inlineBytes;

/** Where a value is put together that no statement of D1 can hold. */
const longValues = "import_values";

/** Writes statements out, one a line, with their values. */
function sqlWriter() {
  const statements: string[] = [];
  let long = 0;

  /** Its pieces may begin and end within a character: the store has the bytes. */
  function putTogether(bytes: Buffer): string {
    const id = ++long;
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const piece = digits(bytes.subarray(from, from + pieceBytes));
      statements.push(
        from === 0
          ? `INSERT INTO ${longValues} VALUES (${id}, ${piece})`
          : `UPDATE ${longValues} SET value = value || ${piece} WHERE id = ${id}`,
      );
    }
    return `(SELECT value FROM ${longValues} WHERE id = ${id})`;
  }

  function written(value: unknown): string {
    if (typeof value !== "string") return value === null ? "NULL" : String(Number(value));
    const text = literal(value);
    return isLong(text) ? putTogether(Buffer.from(value)) : text;
  }

  return {
    add(query: SQLWrapper): void {
      const { sql: text, params } = dialect.sqlToQuery(query.getSQL());
      const values = params.values();
      statements.push(text.replaceAll("?", () => written(values.next().value)));
    },
    end(): string {
      const drop = `DROP TABLE IF EXISTS ${longValues}`;
      const create = `CREATE TABLE ${longValues} (id integer PRIMARY KEY, value text NOT NULL)`;
      const all = long === 0 ? statements : [drop, create, ...statements, drop];
      return all.map((statement) => `${statement};\n`).join("");
    },
  };
}

const isOneOf = (column: SQLWrapper, texts: string[]) =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(texts)}))`;

/** As many rows a statement as D1 takes, by what is written of them: wrangler prints three lines for each statement. */
function inStatements(documents: SourceList["documents"]): SourceList["documents"][] {
  const groups: SourceList["documents"][] = [];
  let bytes = statementBytes;
  for (const row of documents) {
    const values = [row.pk, row.document, row.searchText].map(literal);
    const size = values.reduce((sum, text) => sum + (isLong(text) ? 0 : Buffer.byteLength(text)), 0);
    if (bytes + size > statementBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(row);
    bytes += size;
  }
  return groups;
}

/** The statements that replace a store's sources, for a database that only takes a file: `wrangler d1 execute --file`. */
export function listAsSql({ documents, held, beside }: SourceList, now: number): string {
  const { add, end } = sqlWriter();
  const isHolding = held.length > 0;
  add(builder.delete(oauthSources).where(isHolding ? sql`NOT ${isOneOf(oauthSources.pk, held)}` : undefined));
  // What is held gives way to a source that has its slug meanwhile.
  const slugs = documents.map(({ slug }) => slug);
  if (isHolding) add(builder.delete(oauthSources).where(isOneOf(oauthSources.slug, slugs)));
  for (const rows of inStatements(documents)) add(builder.insert(oauthSources).values(rows));
  add(builder.delete(icons).where(iconsOfNoSource));
  add(builder.delete(iconImages).where(imagesOfNoIcon));
  add(
    builder.update(listState).set({
      revision: sql`${listState.revision} + 1`,
      changedAt: now,
      count: sql`(SELECT count(*) FROM ${oauthSources})`,
      ...(beside !== undefined && { beside }),
    }),
  );
  return end();
}

/** The statement that stores a token's digest. One that is there already stays as it is: it may have been revoked since. */
export function tokenAsSql(row: typeof apiTokens.$inferInsert): string {
  const { add, end } = sqlWriter();
  add(builder.insert(apiTokens).values(row).onConflictDoNothing());
  return end();
}
