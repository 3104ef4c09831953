import type { Document } from "./document.ts";
import type { SourceList } from "./list.ts";

/** The list as the store has it. */
export interface StoredList {
  revision: number;
  /** Documents by `pk`. */
  documents: Map<string, string>;
  beside: string;
  types: string[];
}

/** What must be done to the stored list to make it equal to another. */
export interface Difference {
  added: Document[];
  changed: { before: string; after: Document }[];
  /** By `pk`, with the document as it was. */
  removed: Map<string, string>;
  unchanged: number;
  /** What is to stand beside the results, where that changes. */
  beside?: string;
  /** All source types, where any changes. */
  types?: string[];
}

/** How many sources each kind of change concerns. */
export interface Changes {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
}

/** Compares what is stored with what is to be; a source is known by its `pk`. */
export function compareLists(stored: StoredList, wanted: SourceList): Difference {
  const removed = new Map(stored.documents);
  const difference: Difference = { added: [], changed: [], removed, unchanged: 0 };
  for (const after of wanted.documents) {
    const before = removed.get(after.pk);
    removed.delete(after.pk);
    if (before === undefined) difference.added.push(after);
    else if (before === after.document) difference.unchanged++;
    else difference.changed.push({ before, after });
  }
  if (wanted.beside !== stored.beside) difference.beside = wanted.beside;
  if (wanted.types && wanted.types.join() !== stored.types.join()) difference.types = wanted.types;
  return difference;
}

export const countChanges = ({ added, changed, removed, unchanged }: Difference): Changes => ({
  added: added.length,
  changed: changed.length,
  removed: removed.size,
  unchanged,
});

export const isEmpty = ({ added, changed, removed, beside, types }: Difference): boolean =>
  added.length + changed.length + removed.size === 0 && beside === undefined && types === undefined;

/** The keys of two documents that differ, each with its values. */
export function changedFields(before: string, after: string): { field: string; from: unknown; to: unknown }[] {
  const [from, to]: Record<string, unknown>[] = [JSON.parse(before), JSON.parse(after)];
  const names = new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})]);
  return [...names].flatMap((field) => {
    const values = { from: from?.[field], to: to?.[field] };
    return JSON.stringify(values.from) === JSON.stringify(values.to) ? [] : [{ field, ...values }];
  });
}
