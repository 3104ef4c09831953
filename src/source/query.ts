import * as z from "zod/mini";
import { type FilterName, type fields, fieldsWith } from "./fields.ts";
import { defaultOrdering, readOrdering, writeOrdering } from "./ordering.ts";
import { flag, integer, list, uuid } from "./parameter.ts";
import { searchLimits, searchTerms } from "./search.ts";

type Filters = { [K in FilterName]: (typeof fields)[K]["filter"] };

const filters = Object.fromEntries(fieldsWith("filter").map(([name, { filter }]) => [name, filter])) as Filters;

export const filterNames = Object.keys(filters) as FilterName[];

/** The query of `GET /sources/oauth/`, from the last value of each parameter (docs/contract.md, "Query parameters"). */
export const listQuerySchema = z.object({
  ...filters,
  /** The `pk`, under the name that authentik 2024.8 and later have for it. */
  pbm_uuid: uuid(),
  has_jwks: flag(),
  search: list(searchTerms, [], searchLimits),
  ordering: list(readOrdering, defaultOrdering),
  page: integer({ minimum: 1, fallback: 1 }),
  page_size: integer({ minimum: 1, maximum: 1000, fallback: 100 }),
});

export type ListQuery = z.infer<typeof listQuerySchema>;

/** Each parameter as text that would be read as its value. */
const textsOf = ({ search, ordering, ...others }: ListQuery) => ({
  ...others,
  search: search.join(" "),
  ordering: writeOrdering(ordering),
});

const defaults = new Map<string, unknown>(Object.entries(textsOf(listQuerySchema.parse({}))));

/**
 * The canonical form of a query: known parameters only, as parsed, defaults dropped, sorted. Reading it gives the same query
 * again.
 */
export function canonicalQuery(query: ListQuery): string {
  const parameters = Object.entries(textsOf(query))
    .filter(([name, value]) => value !== undefined && value !== defaults.get(name))
    .map(([name, value]): [string, string] => [name, String(value)]);
  const canonical = new URLSearchParams(parameters);
  canonical.sort();
  return canonical.toString();
}
