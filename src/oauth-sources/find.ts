import { and, asc, desc, eq, getTableColumns, ne, type SQL, sql } from "drizzle-orm";
import { ask, type Database } from "../db/database.ts";
import { listState, oauthSources, sourceTypes } from "../db/schema.ts";
import { filterNames, filters, type ListQuery } from "./list-query.ts";
import { type OrderTerm, orderable } from "./ordering.ts";

export type SourceRow = Omit<typeof oauthSources.$inferSelect, "searchText"> & {
  /** The `type` object as JSON text; null where the provider type is not known. */
  type: string | null;
};

const { searchText, ...columns } = getTableColumns(oauthSources);

/** A subquery rather than a join: it runs for the rows of the page, and not for those that the offset skips. */
const type = sql<string | null>`(select ${sourceTypes.type} from ${sourceTypes}
  where ${eq(sourceTypes.providerType, oauthSources.providerType)})`.as("type");

/**
 * The rows of one page, the number of rows on all pages, and when the list last changed, in one round trip.
 * @throws StoreError where the store gives no answer.
 */
export async function findSources(db: Database, query: ListQuery) {
  const where = and(...conditions(query));
  const counted = where
    ? sql<number>`(select count(*) from ${oauthSources} where ${where})`.as("count")
    : listState.count;
  const [rows, [state]] = await ask(() =>
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

/**
 * The row with a slug, where there is one.
 * @throws StoreError
 */
export async function findSource(db: Database, slug: string): Promise<SourceRow | undefined> {
  const [row] = await ask(() => selectSources(db).where(eq(oauthSources.slug, slug)));
  return row;
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
