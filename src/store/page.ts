import { type SQL, sql } from "drizzle-orm";
import { Unavailable } from "../base/unavailable.ts";
import { type Database, runQuery } from "../db/database.ts";
import { orderBy } from "../source/ordering.ts";
import { paginate } from "../source/pagination.ts";
import { filterNames, type ListQuery } from "../source/query.ts";

export interface Page {
  /** JSON. */
  body: string;
  /** How many sources are on it. */
  size: number;
  /** When the list last changed, in milliseconds since 1970; 0: never. */
  changedAt: number;
}

/**
 * One page of the list, put together from the documents as text: no source is parsed or written as JSON again. Undefined for a
 * page beyond the end.
 * @param publicUrl where authentik is, without a slash at its end: callback URLs are built on it
 * @throws Unavailable where the store does not answer, or not with what the table holds
 */
export async function readPage(db: Database, query: ListQuery, publicUrl: string): Promise<Page | undefined> {
  const [state, ...rows] = await runQuery(() => db.values<[unknown]>(pageStatement(query, publicUrl)));
  const [count, changedAt, beside] = readState(state?.[0]);
  const pagination = paginate(count, query.page, query.page_size);
  if (!pagination) return undefined;
  const { start_index: start, end_index: end } = pagination;
  const size = count === 0 ? 0 : end - start + 1;
  if (rows.length !== size)
    throw new Unavailable(`the store gave ${rows.length} rows for ${start} to ${end} of ${count}`);
  const results = rows.map((row) => checked(row[0])).join(",");
  const envelope = `{"pagination":${JSON.stringify(pagination)},"results":[${results}]`;
  return { body: envelope + (beside === "{}" ? "}" : `,${beside.slice(1)}`), size, changedAt };
}

/**
 * The source with a slug as JSON, where there is one.
 * @throws Unavailable
 */
export async function readSource(db: Database, slug: string, publicUrl: string): Promise<string | undefined> {
  const statement = sql`select ${document(publicUrl)} from oauth_sources where slug = ${slug}`;
  const [row] = await runQuery(() => db.values<[unknown]>(statement));
  return row && checked(row[0]);
}

/**
 * One statement, one column: a first row of the state of the list (the number of sources on all pages, when the list last
 * changed, what stands beside the results), then a document a row. A server refuses values above 2 MB, so a page is never one.
 */
export function pageStatement(query: ListQuery, publicUrl: string): SQL {
  const conditions = conditionsOf(query);
  const where = conditions.length === 0 ? sql`` : sql` where ${sql.join(conditions, sql` and `)}`;
  const count = conditions.length === 0 ? sql`count` : sql`(select count(*) from oauth_sources${where})`;
  const order = sql.raw(orderBy(query.ordering));
  return sql`select json_array(${count}, changed_at, beside) from list_state union all select * from (
    select ${document(publicUrl)} from oauth_sources${where} order by ${order} limit ${query.page_size} offset ${(query.page - 1) * query.page_size})`;
}

/** What depends on the request is set here; `json_set` keeps the key's place. */
const document = (publicUrl: string): SQL =>
  sql`json_set(document, '$.callback_url', ${`${publicUrl}/source/oauth/callback/`} || slug || '/')`;

function conditionsOf(query: ListQuery): SQL[] {
  const conditions = filterNames.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [sql`${sql.raw(name)} = ${typeof value === "boolean" ? Number(value) : value}`];
  });
  if (query.pbm_uuid !== undefined) conditions.push(sql`pk = ${query.pbm_uuid}`);
  if (query.has_jwks) conditions.push(sql`has_jwks`);
  if (query.search.length > 0) conditions.push(containsAll(query.search));
  return conditions;
}

/**
 * One condition however many the terms: one each would break SQLite's depth limit and D1's limit of bound values. The longest
 * goes before it, alone, since it costs little and most rows fail it.
 */
function containsAll(terms: string[]): SQL {
  const longest = terms.reduce((a, b) => (b.length > a.length ? b : a));
  const first = sql`instr(search_text, ${longest}) > 0`;
  if (terms.length === 1) return first;
  return sql`${first} and not exists (select 1 from json_each(${JSON.stringify(terms)}) where instr(search_text, value) = 0)`;
}

/** The first row of `pageStatement`. */
function readState(text: unknown): [count: number, changedAt: number, beside: string] {
  const state: unknown = typeof text === "string" && text.startsWith("[") ? JSON.parse(text) : [];
  const [count, changedAt, beside] = Array.isArray(state) ? state : [];
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(changedAt) || typeof beside !== "string") {
    throw new Unavailable("the store does not tell how many sources it has");
  }
  return [count, changedAt, beside];
}

/** The table holds nothing but JSON objects; a server that gives something else is not well. */
function checked(document: unknown): string {
  if (typeof document !== "string" || !document.startsWith('{"') || !document.endsWith("}")) {
    throw new Unavailable("the store gave a source that is no JSON object");
  }
  return document;
}
