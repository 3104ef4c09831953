import { getTableColumns } from "drizzle-orm";
import { oauthSources } from "../db/schema.ts";
import type { SourceList, StoredSource } from "./list.ts";

/** A field of a source, by its name on the wire, with what it was and what it is to be. */
export interface FieldChange {
  field: string;
  from: StoredSource[keyof StoredSource];
  to: StoredSource[keyof StoredSource];
}

/** What must be done to a list to make it equal to another. */
export interface Difference {
  added: StoredSource[];
  changed: { source: StoredSource; fields: FieldChange[] }[];
  removed: StoredSource[];
  unchanged: number;
  /** Source types that are new or other than before, as JSON text. Types are never removed. */
  types: { providerType: string; from: string | undefined; to: string }[];
}

/** How many sources each kind of change concerns. */
export interface Changes {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
}

const columns = Object.entries(getTableColumns(oauthSources)) as [keyof StoredSource, { name: string }][];

/** Compares what is stored with what is to be; a source is known by its `pk`. */
export function compareLists(stored: SourceList, wanted: SourceList): Difference {
  const left = new Map(stored.sources.map((source) => [source.pk, source]));
  const difference: Difference = { added: [], changed: [], removed: [], unchanged: 0, types: [] };
  for (const source of wanted.sources) {
    const before = left.get(source.pk);
    left.delete(source.pk);
    const fields = before ? changedFields(before, source) : [];
    if (!before) difference.added.push(source);
    else if (fields.length > 0) difference.changed.push({ source, fields });
    else difference.unchanged++;
  }
  difference.removed = [...left.values()];
  for (const [providerType, to] of wanted.types) {
    const from = stored.types.get(providerType);
    if (from !== to) difference.types.push({ providerType, from, to });
  }
  return difference;
}

const changedFields = (before: StoredSource, after: StoredSource): FieldChange[] =>
  columns.flatMap(([key, { name }]) =>
    before[key] === after[key] ? [] : [{ field: name, from: before[key], to: after[key] }],
  );

export const countChanges = ({ added, changed, removed, unchanged }: Difference): Changes => ({
  added: added.length,
  changed: changed.length,
  removed: removed.length,
  unchanged,
});

export const isEmpty = ({ added, changed, removed, types }: Difference): boolean =>
  added.length + changed.length + removed.length + types.length === 0;
