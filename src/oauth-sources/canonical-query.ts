import * as z from "zod/mini";
import { type ListQuery, listQuerySchema } from "./list-query.ts";
import { writeOrdering } from "./ordering.ts";

/** What each parameter would have to be sent as. */
const written = ({ search, ordering, ...others }: ListQuery) => ({
  ...others,
  search: search.join(" "),
  ordering: writeOrdering(ordering),
});

const defaults = new Map<string, unknown>(Object.entries(written(listQuerySchema.parse({}))));

/**
 * The one spelling of a question: known parameters only, as parsed, defaults dropped, sorted. Reading it gives the same
 * query again.
 */
export function canonicalQuery(query: ListQuery): string {
  const parameters = Object.entries(written(query))
    .filter(([name, value]) => value !== undefined && value !== defaults.get(name))
    .map(([name, value]) => [name, String(value)]);
  const canonical = new URLSearchParams(parameters);
  canonical.sort();
  return canonical.toString();
}

/** The query of the list, read as its one spelling. */
export const canonicalQuerySchema = z.pipe(listQuerySchema, z.transform(canonicalQuery));
