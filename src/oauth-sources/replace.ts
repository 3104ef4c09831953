import { getTableColumns, inArray, sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { listState, oauthSources, sourceTypes } from "../db/schema.ts";
import type { SourceList, StoredSource } from "./read-list.ts";

/** How many rows each kind of change concerns. */
export interface Changes {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
}

export interface ReplaceOptions {
  /** Milliseconds since 1970, kept as the time of the change. */
  now: number;
  /** Told after every step how many of the rows to write are written. */
  onProgress?: (written: number, total: number) => void;
}

/** A statement binds one value per column and row; SQLite takes 32,766 of them. */
const rowsPerStatement = 500;

const columnNames = Object.keys(getTableColumns(oauthSources)) as (keyof StoredSource)[];

/**
 * Makes the store's list equal to the given one, in one transaction: readers see the old list or the new one, and a writer
 * that dies leaves the old one. Only differences are written; where there are none, nothing is.
 * Source types are kept and renewed, never removed.
 */
export async function replaceSources(db: LibSQLDatabase, list: SourceList, options: ReplaceOptions): Promise<Changes> {
  return db.transaction(async (tx) => {
    const current = new Map((await tx.select().from(oauthSources)).map((row) => [row.pk, row]));
    const added: StoredSource[] = [];
    const changed: StoredSource[] = [];
    for (const row of list.sources) {
      const stored = current.get(row.pk);
      current.delete(row.pk);
      if (!stored) added.push(row);
      else if (columnNames.some((name) => stored[name] !== row[name])) changed.push(row);
    }
    const removed = [...current.keys()];
    const typesChanged = await renewTypes(tx, list.types);

    // What changes is removed first, so that sources may swap their slugs.
    for (const pks of chunks([...removed, ...changed.map((row) => row.pk)])) {
      await tx.delete(oauthSources).where(inArray(oauthSources.pk, pks));
    }
    const toWrite = [...added, ...changed];
    let written = 0;
    for (const rows of chunks(toWrite)) {
      await tx.insert(oauthSources).values(rows);
      written += rows.length;
      options.onProgress?.(written, toWrite.length);
    }
    if (typesChanged || removed.length + toWrite.length > 0) {
      await tx.update(listState).set({ revision: sql`${listState.revision} + 1`, changedAt: options.now });
    }
    const unchanged = list.sources.length - toWrite.length;
    return { added: added.length, changed: changed.length, removed: removed.length, unchanged };
  });
}

type Transaction = Parameters<Parameters<LibSQLDatabase["transaction"]>[0]>[0];

/** @returns whether any was new or other than before */
async function renewTypes(tx: Transaction, types: SourceList["types"]): Promise<boolean> {
  const stored = new Map((await tx.select().from(sourceTypes)).map((row) => [row.providerType, row.type]));
  const renewed = [...types].filter(([providerType, type]) => stored.get(providerType) !== type);
  for (const rows of chunks(renewed)) {
    await tx
      .insert(sourceTypes)
      .values(rows.map(([providerType, type]) => ({ providerType, type })))
      .onConflictDoUpdate({ target: sourceTypes.providerType, set: { type: sql`excluded.type` } });
  }
  return renewed.length > 0;
}

function* chunks<T>(items: T[]): Generator<T[]> {
  for (let i = 0; i < items.length; i += rowsPerStatement) yield items.slice(i, i + rowsPerStatement);
}
