import { and, asc, count, desc, eq, getTableColumns, ne, type SQL, sql } from "drizzle-orm";
import { ask, type Database } from "../db/database.ts";
import { oauthSources, sourceTypes } from "../db/schema.ts";
import { filterNames, filters, type ListQuery } from "./list-query.ts";
import { type OrderTerm, orderable } from "./ordering.ts";

export type SourceRow = Omit<typeof oauthSources.$inferSelect, "searchText"> & {
  /** The `type` object as JSON text; null where the provider type is not known. */
  type: string | null;
};

const { searchText, ...columns } = getTableColumns(oauthSources);

/**
 * The rows of one page and the number of rows on all pages, in one round trip.
 * @throws StoreError where the store gives no answer.
 */
export async function findSources(db: Database, query: ListQuery): Promise<{ rows: SourceRow[]; count: number }> {
  const where = and(...conditions(query));
  const [rows, [total]] = await ask(() =>
    db.batch([
      selectSources(db)
        .where(where)
        .orderBy(...query.ordering.map(order), asc(oauthSources.pk))
        .limit(query.page_size)
        .offset(offset(query)),
      db.select({ count: count() }).from(oauthSources).where(where),
    ]),
  );
  return { rows, count: Number(total?.count) };
}

/**
 * The row with a slug, where there is one.
 * @throws StoreError
 */
export async function findSource(db: Database, slug: string): Promise<SourceRow | undefined> {
  const [row] = await ask(() => selectSources(db).where(eq(oauthSources.slug, slug)));
  return row;
}

const selectSources = (db: Database) =>
  db
    .select({ ...columns, type: sourceTypes.type })
    .from(oauthSources)
    .leftJoin(sourceTypes, eq(sourceTypes.providerType, oauthSources.providerType));

function conditions(query: ListQuery): SQL[] {
  const conditions = filterNames.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [eq(filters[name].column, value)];
  });
  if (query.has_jwks) conditions.push(ne(oauthSources.oidcJwks, "{}"));
  if (query.search.length > 0) conditions.push(containsAll(query.search));
  return conditions;
}

/** One condition however many the terms: one each would break SQLite's depth limit and D1's limit of bound values. */
const containsAll = (terms: string[]): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(terms)}) WHERE instr(${searchText}, value) = 0)`;

/** PostgreSQL's order: nulls last ascending, first descending. SQLite's is the reverse; said only where there can be nulls, to keep indexes in use. */
function order({ field, descending }: OrderTerm): SQL {
  const column = orderable[field];
  const direction = descending ? desc(column) : asc(column);
  if (column.notNull) return direction;
  return descending ? sql`${direction} nulls first` : sql`${direction} nulls last`;
}

/** Beyond exact numbers there are no rows either. */
const offset = ({ page, page_size }: ListQuery) => Math.min((page - 1) * page_size, Number.MAX_SAFE_INTEGER);
