import * as z from "zod/mini";
import type { SourceType } from "../../sources/source-type.ts";
import { finalFault, SyncError } from "../fault.ts";
import { besideOf, integerFrom, readList, readTypes, type SourceList } from "../list.ts";
import { InvalidList } from "../problem.ts";
import { shownAddress, typesAddress } from "./address.ts";
import { fetchUpstream, type UpstreamOptions } from "./fetch.ts";

/** As many as authentik gives at once; newer versions may give less. */
const pageSize = 1_000;

const pageSchema = z.looseObject({
  pagination: z.object({
    count: integerFrom(0),
    current: integerFrom(1),
    total_pages: integerFrom(1),
  }),
  results: z.array(z.unknown()),
});

interface Page extends Pick<z.infer<typeof pageSchema>, "pagination" | "results"> {
  /** What stands beside these two, as JSON. */
  beside: string;
  size: number;
}

type OnPage = (read: number, total: number) => void;

const neverEqual = "it was never the same twice in a row";

/** The list changed while it was read. */
const unsettled = (message: string) => new SyncError({ kind: "unsettled", message });

/**
 * Reads the whole list, and what `source_types/` gives. One page is a list as it was at a moment. Several pages are not: an
 * addition and a removal between two of them leave the count as it was, and a source unseen. So two walks in a row must be
 * equal.
 * @param onPage called after every page with how many of how many have been read
 * @throws SyncError
 */
export async function walkUpstream(
  list: URL,
  options: UpstreamOptions,
  onPage: OnPage = () => {},
): Promise<SourceList> {
  const address = shownAddress(list.href);
  let known: SourceTypes | undefined;
  let before: string | undefined;
  let reason = neverEqual;
  for (let walk = 1; walk <= options.limits.walks; walk++) {
    try {
      const { rows, beside, pages } = await readPages(list, options, onPage);
      known ??= await readSourceTypes(list, options);
      const found = { ...asList(rows, pages, address, known.byName), beside, types: known.types };
      if (pages === 1) return found;
      const digest = await digestOf(found);
      if (digest === before) return found;
      before = digest;
      reason = neverEqual;
    } catch (error) {
      if (!(error instanceof SyncError) || error.fault.kind !== "unsettled") throw error;
      before = undefined;
      reason = error.message;
    }
  }
  throw finalFault(`${address} gave no settled list in ${options.limits.walks} walks over its pages: ${reason}`);
}

async function readPages(list: URL, options: UpstreamOptions, onPage: OnPage) {
  const { limits } = options;
  const address = shownAddress(list.href);
  const first = await readPage(list, 1, options);
  const { count, total_pages: pages } = first.pagination;
  if (pages > limits.pages) throw finalFault(`${address} has ${pages} pages, more than ${limits.pages}`);
  onPage(1, pages);
  const parts = [first.results];
  let { size } = first;
  for (let number = 2; number <= pages; number++) {
    const page = await readPage(list, number, options);
    const { pagination } = page;
    if (pagination.count !== count || pagination.total_pages !== pages) {
      throw unsettled(`its count went from ${count} to ${pagination.count} between two pages`);
    }
    size += page.size;
    if (size > limits.listBytes) throw finalFault(`${address} has a list of more than ${limits.listBytes} bytes`);
    parts.push(page.results);
    onPage(number, pages);
  }
  const rows = parts.flat();
  if (rows.length !== count) {
    const message = `it says that it has ${count} sources, and sent ${rows.length}`;
    throw pages > 1 ? unsettled(message) : finalFault(`${address} is not whole: ${message}`);
  }
  return { rows, beside: first.beside, pages };
}

async function readPage(list: URL, number: number, options: UpstreamOptions): Promise<Page> {
  const url = new URL(list);
  url.search = `?${new URLSearchParams({ page_size: String(pageSize), ordering: "slug", page: String(number) })}`;
  const { json, size } = await fetchUpstream(url, options);
  const { success, data } = pageSchema.safeParse(json);
  const address = shownAddress(list.href);
  if (!success) throw finalFault(`${address} answered with JSON that is no page of a list: is authentik there?`);
  if (data.pagination.current !== number) {
    throw finalFault(`${address} was asked for page ${number}, and gave page ${data.pagination.current}`);
  }
  if (data.results.length > pageSize) {
    throw finalFault(`${address} was asked for ${pageSize} sources, and gave ${data.results.length} on page ${number}`);
  }
  const beside = refusing(address, () => besideOf(data));
  return { ...data, beside, size };
}

interface SourceTypes {
  types?: string[];
  byName?: Map<string, SourceType>;
}

/** Nothing where this authentik has none to give (403, 404): the store keeps what it had. */
async function readSourceTypes(list: URL, options: UpstreamOptions): Promise<SourceTypes> {
  const url = typesAddress(list);
  const { json } = await fetchUpstream(url, { ...options, absentStatuses: [403, 404] });
  return json === undefined ? {} : refusing(shownAddress(url.href), () => readTypes(json));
}

/** Stands for a list without keeping it: two of the longest would be too much for a Worker. */
async function digestOf({ documents }: SourceList): Promise<string> {
  let digest = "";
  for (let i = 0; i < documents.length; i += pageSize) {
    const texts = documents.slice(i, i + pageSize).map(({ document }) => document);
    const bytes = new TextEncoder().encode(digest + texts.join("\n"));
    digest = String(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  }
  return digest;
}

/** The rows, checked as those of an import. What stands twice in several pages may be but one that moved. */
function asList(rows: unknown[], pages: number, address: string, types?: Map<string, SourceType>): SourceList {
  try {
    return readList(rows, types);
  } catch (error) {
    if (error instanceof InvalidList && pages > 1 && error.problems.every(({ code }) => code === "duplicate")) {
      throw unsettled(error.message);
    }
    throw refusal(error, address);
  }
}

function refusing<T>(address: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusal(error, address);
  }
}

const refusal = (error: unknown, address: string) =>
  error instanceof InvalidList ? new SyncError({ kind: "invalid-list", address, problems: error.problems }) : error;
