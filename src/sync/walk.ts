import * as z from "zod/mini";
import { InvalidList, readList, type SourceList } from "../oauth-sources/read-list.ts";
import { type Asking, fetchUpstream } from "./fetch-upstream.ts";
import { SyncError } from "./sync-error.ts";
import { shownAddress } from "./upstream-address.ts";

/** As many as authentik gives at once; newer versions may give less. */
const pageSize = 1_000;

const pageSchema = z.object({
  pagination: z.object({
    count: z.int().check(z.nonnegative()),
    current: z.int(),
    total_pages: z.int().check(z.positive()),
  }),
  results: z.array(z.unknown()),
});

type Page = z.infer<typeof pageSchema> & { size: number };

const neverEqual = "it was never the same twice in a row";

/** The list has changed while it was read: another walk may be lucky. */
class Unsettled extends SyncError {
  override name = "Unsettled";
}

/**
 * Reads the whole list. One page is a list as it was at a moment. Several pages are not: an addition and a removal between
 * two of them leave the count as it was, and a source unseen. So two walks in a row must be equal.
 * @param onPage told after every page how many of how many have been read
 * @throws SyncError
 */
export async function walkUpstream(
  list: URL,
  asking: Asking,
  onPage: (read: number, total: number) => void = () => {},
): Promise<SourceList> {
  const address = shownAddress(list.href);
  let before: string | undefined;
  let reason = neverEqual;
  for (let walk = 1; walk <= asking.limits.walks; walk++) {
    try {
      const { rows, pages } = await readPages(list, asking, onPage);
      const found = asList(rows, pages, address);
      if (pages === 1) return found;
      const digest = await digestOf(found);
      if (digest === before) return found;
      before = digest;
      reason = neverEqual;
    } catch (error) {
      if (!(error instanceof Unsettled)) throw error;
      before = undefined;
      reason = error.message;
    }
  }
  throw new SyncError(`${address} gave no settled list in ${asking.limits.walks} walks over its pages: ${reason}`);
}

async function readPages(list: URL, asking: Asking, onPage: (read: number, total: number) => void) {
  const first = await readPage(list, 1, asking);
  const { count, total_pages: pages } = first.pagination;
  if (pages > asking.limits.pages) {
    throw new SyncError(`${shownAddress(list.href)} has ${pages} pages, more than ${asking.limits.pages}`);
  }
  onPage(1, pages);
  const parts = [first.results];
  let size = first.size;
  for (let number = 2; number <= pages; number++) {
    const { pagination, results, size: more } = await readPage(list, number, asking);
    if (pagination.count !== count || pagination.total_pages !== pages) {
      throw new Unsettled(`its count went from ${count} to ${pagination.count} between two pages`);
    }
    size += more;
    if (size > asking.limits.listBytes) {
      throw new SyncError(`${shownAddress(list.href)} has a list of more than ${asking.limits.listBytes} bytes`);
    }
    parts.push(results);
    onPage(number, pages);
  }
  const rows = parts.flat();
  if (rows.length !== count) {
    const message = `it says that it has ${count} sources, and sent ${rows.length}`;
    throw pages > 1 ? new Unsettled(message) : new SyncError(`${shownAddress(list.href)} is not whole: ${message}`);
  }
  return { rows, pages };
}

async function readPage(list: URL, number: number, asking: Asking): Promise<Page> {
  const url = new URL(list);
  url.search = `?${new URLSearchParams({ page_size: String(pageSize), ordering: "slug", page: String(number) })}`;
  const { json, size } = await fetchUpstream(url, asking);
  const { success, data } = pageSchema.safeParse(json);
  const address = shownAddress(list.href);
  if (!success) throw new SyncError(`${address} answered with JSON that is no page of a list: is authentik there?`);
  if (data.pagination.current !== number) {
    throw new SyncError(`${address} was asked for page ${number}, and gave page ${data.pagination.current}`);
  }
  if (data.results.length > pageSize) {
    throw new SyncError(
      `${address} was asked for ${pageSize} sources, and gave ${data.results.length} on page ${number}`,
    );
  }
  return { ...data, size };
}

/** Stands for a list without keeping it: two of the longest would be too much for a Worker. */
async function digestOf({ sources, types }: SourceList): Promise<string> {
  let digest = JSON.stringify([...types]);
  for (let i = 0; i < sources.length; i += pageSize) {
    const bytes = new TextEncoder().encode(digest + JSON.stringify(sources.slice(i, i + pageSize)));
    digest = String(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  }
  return digest;
}

/** The rows, checked as those of an import. What stands twice in several pages may be but one that moved. */
function asList(rows: unknown[], pages: number, address: string): SourceList {
  try {
    return readList(rows);
  } catch (error) {
    if (!(error instanceof InvalidList)) throw error;
    const { problems } = error;
    if (pages > 1 && problems.every((problem) => problem.endsWith("stands in another row too"))) {
      throw new Unsettled(problems[0] ?? error.message);
    }
    throw new SyncError(`${address} gave a list that is wrong:\n${error.message}`);
  }
}
