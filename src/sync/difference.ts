import type { Document } from "./document.ts";
import type { SourceList } from "./list.ts";
import { checkLargestPage } from "./list-limits.ts";
import { countRenewed, unsignedDocument } from "./signature.ts";
import { SyncError } from "./sync-error.ts";

/** The list as the store has it. */
export interface StoredList {
  revision: number;
  /** Documents by `pk`. */
  documents: Map<string, string>;
  /** How many sources it says that it has. */
  count: number;
  beside: string;
  types: string[];
}

/** What must be done to the stored list to make it equal to another. */
export interface Difference {
  added: Document[];
  changed: { before: string; after: Document }[];
  /** Sources of which the signatures of addresses alone have changed: they are written, and count as unchanged. */
  renewed: { before: string; after: Document }[];
  /** By `pk`, with the document as it was. */
  removed: Map<string, string>;
  /** Those that stay though they cannot be taken are among them. */
  unchanged: number;
  /** How many sources cannot be taken, and are not in the store. */
  leftOut: number;
  /** Whether the store says that it has more or fewer sources than it has. */
  isMiscounted: boolean;
  /** What is to stand beside the results, where that changes. */
  beside?: string;
  /** All source types, where any changes. */
  types?: string[];
}

/**
 * Compares what is stored with what is to be; a source is known by its `pk`.
 * @throws InvalidList where what stays makes a page too large
 */
export function compareLists(stored: StoredList, wanted: SourceList): Difference {
  const removed = new Map(stored.documents);
  const isMiscounted = stored.count !== removed.size;
  const kept = keptSources(removed, wanted);
  for (const { pk } of kept) removed.delete(pk);
  const difference: Difference = {
    ...{ added: [], changed: [], renewed: [], removed, unchanged: kept.length },
    ...{ leftOut: wanted.held.length - kept.length, isMiscounted },
  };
  for (const after of wanted.documents) {
    const before = removed.get(after.pk);
    removed.delete(after.pk);
    if (before === undefined) difference.added.push(after);
    else if (before === after.document) difference.unchanged++;
    else if (unsignedDocument(before) !== unsignedDocument(after.document)) difference.changed.push({ before, after });
    else {
      difference.unchanged++;
      difference.renewed.push({ before, after });
    }
  }
  if (wanted.beside !== undefined && wanted.beside !== stored.beside) difference.beside = wanted.beside;
  if (wanted.types && wanted.types.join() !== stored.types.join()) difference.types = wanted.types;
  return difference;
}

/** The sources that cannot be taken, as they are stored; not one whose slug another source has meanwhile. */
function keptSources(stored: Map<string, string>, { held, documents }: SourceList) {
  const slugs = new Set(held.length > 0 ? documents.map(({ slug }) => slug) : []);
  const kept = held.flatMap((pk) => {
    const document = stored.get(pk) ?? "{}";
    const { slug } = JSON.parse(document);
    return slug === undefined || slugs.has(slug) ? [] : [{ pk, slug, document }];
  });
  if (kept.length > 0) checkLargestPage([...documents, ...kept]);
  return kept;
}

/** How many sources each kind of change concerns; `renewed` counts addresses of icons that were signed anew. */
export const countChanges = ({ added, changed, renewed, removed, unchanged }: Difference) => ({
  added: added.length,
  changed: changed.length,
  removed: removed.size,
  unchanged,
  renewed: renewed.reduce((sum, { before, after }) => sum + countRenewed(before, after.document), 0),
});

export type Changes = ReturnType<typeof countChanges>;

/** Whether readers would see the same list, but for signatures. */
export const isEmpty = ({ added, changed, removed, isMiscounted, beside, types }: Difference): boolean =>
  added.length + changed.length + removed.size === 0 && !isMiscounted && beside === undefined && types === undefined;

/** A shorter list may lose half of itself in a day. */
const smallestGuardedList = 10;

/**
 * Refuses what looks like an accident upstream: an empty database, a token whose user may not view the sources any more.
 * @throws SyncError where the list would be empty, or one of at least ten sources would lose more than half of them
 */
export function refuseLosses({ added, changed, removed: { size: removed }, unchanged, leftOut }: Difference): void {
  const stored = changed.length + removed + unchanged;
  const left = added.length + changed.length + unchanged + leftOut;
  const isEmptied = left === 0 && stored > 0;
  const isHalved = stored >= smallestGuardedList && removed > stored / 2;
  if (!isEmptied && !isHalved) return;
  const what = isEmptied
    ? `authentik has no sources any more, of ${stored} in the store`
    : `authentik has lost ${removed} of the ${stored} sources in the store`;
  throw new SyncError(
    `${what}: nothing was written; where that is right, run once with --allow-removals (SYNC_ALLOW_REMOVALS=true)`,
  );
}

/** The keys of two documents that differ, each with its values. */
export function changedFields(before: string, after: string): { field: string; from: unknown; to: unknown }[] {
  const [from, to]: Record<string, unknown>[] = [JSON.parse(before), JSON.parse(after)];
  const names = new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})]);
  return [...names].flatMap((field) => {
    const values = { from: from?.[field], to: to?.[field] };
    return JSON.stringify(values.from) === JSON.stringify(values.to) ? [] : [{ field, ...values }];
  });
}
