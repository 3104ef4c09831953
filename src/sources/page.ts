import { and, asc, desc, eq, getTableColumns, ne, type SQL, sql } from "drizzle-orm";
import { type Database, runQuery } from "../db/database.ts";
import { listState, oauthSources, sourceTypes } from "../db/schema.ts";
import { Unavailable } from "../unavailable.ts";
import { type OrderTerm, orderable } from "./ordering.ts";
import { paginate } from "./pagination.ts";
import { filterNames, filters, type ListQuery } from "./query.ts";
import { type OAuthSource, type SourcesPage, serialize } from "./source.ts";

export type SourceRow = Omit<typeof oauthSources.$inferSelect, "searchText"> & {
  /** The `type` object as JSON text; null where the provider type is not known. */
  type: string | null;
};

const { searchText, ...columns } = getTableColumns(oauthSources);

/** A subquery rather than a join: it runs for the rows of the page, and not for those that the offset skips. */
const type = sql<string | null>`(select ${sourceTypes.type} from ${sourceTypes}
  where ${eq(sourceTypes.providerType, oauthSources.providerType)})`.as("type");

/**
 * One page of the list, and when the list last changed (milliseconds since 1970; 0: not known); undefined for a page
 * beyond the end.
 * @param publicUrl where authentik is; see `serialize`
 * @throws Unavailable where the store does not answer, or not with what the contract asks for
 */
export async function readPage(
  db: Database,
  query: ListQuery,
  publicUrl: string,
): Promise<{ page: SourcesPage; changedAt: number } | undefined> {
  const { rows, count, changedAt } = await selectPage(db, query);
  if (!Number.isSafeInteger(count)) throw new Unavailable(`the store counts ${count} sources`);
  const pagination = paginate(count, query.page, query.page_size);
  if (pagination === undefined) return undefined;
  const { start_index: start, end_index: end } = pagination;
  if (rows.length !== (count === 0 ? 0 : end - start + 1)) {
    throw new Unavailable(`the store gave ${rows.length} rows for ${start} to ${end} of ${count}`);
  }
  return { page: { pagination, results: rows.map((row) => serialize(row, publicUrl)) }, changedAt };
}

/**
 * The source with a slug, where there is one.
 * @throws Unavailable
 */
export async function readSource(db: Database, slug: string, publicUrl: string): Promise<OAuthSource | undefined> {
  const [row] = await runQuery(() => selectSources(db).where(eq(oauthSources.slug, slug)));
  return row && serialize(row, publicUrl);
}

/** The rows of one page, the number of rows on all pages, and when the list last changed, in one round trip. */
export async function selectPage(db: Database, query: ListQuery) {
  const where = and(...conditions(query));
  const counted = where
    ? sql<number>`(select count(*) from ${oauthSources} where ${where})`.as("count")
    : listState.count;
  const [rows, [state]] = await runQuery(() =>
    db.batch([
      selectSources(db)
        .where(where)
        .orderBy(...query.ordering.map(order), asc(oauthSources.pk))
        .limit(query.page_size)
        .offset((query.page - 1) * query.page_size),
      db.select({ count: counted, changedAt: listState.changedAt }).from(listState),
    ]),
  );
  return { rows, count: Number(state?.count), changedAt: Number(state?.changedAt) };
}

const selectSources = (db: Database) => db.select({ ...columns, type }).from(oauthSources);

function conditions(query: ListQuery): SQL[] {
  const conditions = filterNames.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [eq(filters[name].column, value)];
  });
  if (query.has_jwks) conditions.push(ne(oauthSources.oidcJwks, "{}"));
  if (query.search.length > 0) conditions.push(containsAll(query.search));
  return conditions;
}

/**
 * One condition however many the terms: one each would break SQLite's depth limit and D1's limit of bound values. The longest
 * goes before it, alone, since it costs little and most rows fail it.
 */
function containsAll(terms: string[]): SQL {
  const longest = terms.reduce((a, b) => (b.length > a.length ? b : a));
  const first = sql`instr(${searchText}, ${longest}) > 0`;
  if (terms.length === 1) return first;
  return sql`${first} AND NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(terms)}) WHERE instr(${searchText}, value) = 0)`;
}

/** PostgreSQL's order: nulls last ascending, first descending. SQLite's is the reverse; said only where there can be nulls, to keep indexes in use. */
function order({ field, descending }: OrderTerm): SQL {
  const column = orderable[field];
  const direction = descending ? desc(column) : asc(column);
  if (column.notNull) return direction;
  return descending ? sql`${direction} nulls first` : sql`${direction} nulls last`;
}
