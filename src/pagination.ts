import * as z from "zod/mini";

/** The envelope of a page, as authentik's `Pagination` gives it; `next` and `previous` are 0 where there is none. */
export const paginationSchema = z.object({
  next: z.int(),
  previous: z.int(),
  count: z.int(),
  current: z.int(),
  total_pages: z.int(),
  start_index: z.int(),
  end_index: z.int(),
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
