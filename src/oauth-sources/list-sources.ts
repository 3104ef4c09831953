import type { Database } from "../db/client.ts";
import { invalidPage } from "../errors.ts";
import { paginate } from "../pagination.ts";
import { findSources } from "./find.ts";
import type { ListQuery } from "./list-query.ts";
import { type SourcesPage, serialize } from "./serialize.ts";

/**
 * One page of the list.
 * @param publicUrl where authentik is; see `serialize`
 * @throws ApiError 404 for a page beyond the end, StoreError
 */
export async function listSources(db: Database, query: ListQuery, publicUrl: string): Promise<SourcesPage> {
  const { rows, count } = await findSources(db, query);
  const pagination = paginate(count, query.page, query.page_size);
  if (pagination === undefined) throw invalidPage();
  return { pagination, results: rows.map((row) => serialize(row, publicUrl)) };
}
