import * as z from "zod/mini";

/** Bundles drop what is marked so: this schema, which describes answers and checks none. */
const integer = /* @__PURE__ */ z.int();

/** The envelope of a page, as authentik's `Pagination` gives it; `next` and `previous` are 0 where there is none. */
export const paginationSchema = /* @__PURE__ */ z.object({
  next: integer,
  previous: integer,
  count: integer,
  current: integer,
  total_pages: integer,
  start_index: integer,
  end_index: integer,
});

export type Pagination = z.infer<typeof paginationSchema>;

/** Where a page stands in its list; `undefined` for a page beyond the end. An empty list has one page, which is empty. */
export function paginate(count: number, page: number, pageSize: number): Pagination | undefined {
  const totalPages = Math.max(1, Math.ceil(count / pageSize));
  if (page > totalPages) return undefined;
  return {
    next: page < totalPages ? page + 1 : 0,
    previous: page - 1,
    count,
    current: page,
    total_pages: totalPages,
    start_index: count === 0 ? 0 : (page - 1) * pageSize + 1,
    end_index: Math.min(page * pageSize, count),
  };
}
