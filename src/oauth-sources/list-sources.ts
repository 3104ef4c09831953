import type { Database } from "../db/database.ts";
import { StoreError } from "../db/store-error.ts";
import { paginate } from "../pagination.ts";
import { findSources } from "./find.ts";
import type { ListQuery } from "./list-query.ts";
import { type SourcesPage, serialize } from "./serialize.ts";

/**
 * One page of the list, and when the list last changed (milliseconds since 1970; 0: not known); undefined for a page
 * beyond the end.
 * @param publicUrl where authentik is; see `serialize`
 * @throws StoreError where the store does not answer, or not with what the contract asks for
 */
export async function listSources(
  db: Database,
  query: ListQuery,
  publicUrl: string,
): Promise<{ page: SourcesPage; changedAt: number } | undefined> {
  const { rows, count, changedAt } = await findSources(db, query);
  if (!Number.isSafeInteger(count)) throw new StoreError(`the store counts ${count} sources`);
  const pagination = paginate(count, query.page, query.page_size);
  if (pagination === undefined) return undefined;
  const { start_index: start, end_index: end } = pagination;
  if (rows.length !== (count === 0 ? 0 : end - start + 1)) {
    throw new StoreError(`the store gave ${rows.length} rows for ${start} to ${end} of ${count}`);
  }
  return { page: { pagination, results: rows.map((row) => serialize(row, publicUrl)) }, changedAt };
}
