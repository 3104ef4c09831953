import * as z from "zod/mini";
import { integerFrom } from "../../base/number-schema.ts";
import type { SourceType } from "../../source/source-type.ts";
import { readList, type SourceList } from "../list.ts";
import { InvalidList } from "../problem.ts";
import { unsignedDocument } from "../signature.ts";
import { SyncError, Unsettled } from "../sync-error.ts";
import { readTypes, type TypesRead, typesUnavailable } from "../types.ts";
import { joinWarnings, noWarnings } from "../warning.ts";
import { shownAddress, typesAddress } from "./address.ts";
import { fetchUpstream, type UpstreamOptions } from "./fetch.ts";
import type { UpstreamResponse } from "./response.ts";

/** As many as authentik gives at once; newer versions may give less. */
const pageSize = 1_000;
/** For the source types, which the list does not wait for any longer: the store has some. */
const typesMs = 5_000;

const pageSchema = z.looseObject({
  pagination: z.object({
    count: integerFrom(0),
    current: integerFrom(1),
    total_pages: integerFrom(1),
  }),
  results: z.array(z.unknown()),
});

interface Page extends Pick<UpstreamResponse, "bytes" | "values"> {
  page: z.infer<typeof pageSchema>;
}

type OnPage = (read: number, total: number) => void;

const neverEqual = "it was never the same twice in a row";

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
  let known: TypesRead | undefined;
  let before: string | undefined;
  let reason = neverEqual;
  for (let walk = 1; walk <= options.limits.walks; walk++) {
    try {
      const { whole, pages } = await readPages(list, options, onPage);
      known ??= await readSourceTypes(list, options);
      const { warnings, ...read } = asList(whole, pages, address, known.byName);
      const found = { ...read, types: known.types, warnings: joinWarnings(warnings, known.warnings) };
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
  throw new SyncError(`${address} gave no settled list in ${options.limits.walks} walks over its pages: ${reason}`);
}

async function readPages(list: URL, options: UpstreamOptions, onPage: OnPage) {
  const { limits } = options;
  const address = shownAddress(list.href);
  const first = await readPage(list, 1, options);
  const { count, total_pages: pages } = first.page.pagination;
  if (pages > limits.pages) throw new SyncError(`${address} has ${pages} pages, more than ${limits.pages}`);
  onPage(1, pages);
  const parts = [first.page.results];
  let { bytes, values } = first;
  for (let number = 2; number <= pages; number++) {
    const next = await readPage(list, number, options);
    const { pagination, results } = next.page;
    if (pagination.count !== count || pagination.total_pages !== pages) {
      throw new Unsettled(`its count went from ${count} to ${pagination.count} between two pages`);
    }
    bytes += next.bytes;
    if (bytes > limits.listBytes) throw new SyncError(`${address} has a list of more than ${limits.listBytes} bytes`);
    values += next.values;
    if (values > limits.listValues)
      throw new SyncError(`${address} has a list of more than ${limits.listValues} values`);
    parts.push(results);
    onPage(number, pages);
  }
  const rows = parts.flat();
  if (rows.length !== count) {
    const message = `it says that it has ${count} sources, and sent ${rows.length}`;
    throw pages > 1 ? new Unsettled(message) : new SyncError(`${address} is not whole: ${message}`);
  }
  return { whole: { ...first.page, pagination: undefined, results: rows }, pages };
}

async function readPage(list: URL, number: number, options: UpstreamOptions): Promise<Page> {
  const url = new URL(list);
  url.search = `?${new URLSearchParams({ page_size: String(pageSize), ordering: "slug", page: String(number) })}`;
  const { json, bytes, values } = await fetchUpstream(url, options);
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
  return { page: data, bytes, values };
}

/**
 * Nothing where this authentik has none to give (403, 404), or none that can be read, which is a warning: the store keeps what
 * it had.
 */
async function readSourceTypes(list: URL, options: UpstreamOptions): Promise<TypesRead> {
  const limits = { ...options.limits, attempts: 1, attemptMs: Math.min(typesMs, options.limits.attemptMs) };
  try {
    const { json } = await fetchUpstream(typesAddress(list), { ...options, limits, absentStatuses: [403, 404] });
    return json === undefined ? { warnings: noWarnings } : readTypes(json);
  } catch (error) {
    if (error instanceof SyncError) return typesUnavailable(error.message);
    throw error;
  }
}

/**
 * Stands for a list without keeping it: two of the longest would be too much for a Worker. Without signatures, which differ
 * each time.
 */
async function digestOf({ documents, held }: SourceList): Promise<string> {
  let digest = held.join();
  for (let i = 0; i < documents.length; i += pageSize) {
    const texts = documents.slice(i, i + pageSize).map(({ document }) => unsignedDocument(document));
    const bytes = new TextEncoder().encode(digest + texts.join("\n"));
    digest = String(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  }
  return digest;
}

/** The list, checked as that of an import. What stands twice in several pages may be but one that moved. */
function asList(whole: object, pages: number, address: string, types?: Map<string, SourceType>): SourceList {
  try {
    return readList(whole, types);
  } catch (error) {
    if (!(error instanceof InvalidList)) throw error;
    if (pages > 1 && error.problems.every(({ isDuplicate }) => isDuplicate)) throw new Unsettled(error.message);
    throw new SyncError(`${address} gave a list that is wrong:\n${error.message}`);
  }
}
