import { asc, gt, inArray, sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { listState, oauthSources, sourceTypes } from "../db/schema.ts";
import { type Changes, compareLists, countChanges, type Difference, isEmpty } from "./difference.ts";
import type { SourceList, StoredSource } from "./list.ts";

export interface ReplaceOptions {
  /** Milliseconds since 1970, kept as the time of the change. */
  now: number;
  /** Told after every step how many of the rows to write are written. */
  onProgress?: ((written: number, total: number) => void) | undefined;
  /** The revision that the list was made for; where the store has another by now, nothing is written. @default any */
  revision?: number | undefined;
  /** Told the difference before it is written; what it throws leaves the store as it was. */
  approve?: ((difference: Difference) => void) | undefined;
}

/** Another writer has changed the list meanwhile. */
export class RevisionGone extends Error {
  override name = "RevisionGone";
}

/** What a writer of lists needs of its database; D1 has no such transactions. */
export type WritableDatabase = Pick<LibSQLDatabase, "select" | "transaction">;

/** A statement binds one value per column and row; SQLite takes 32,766 of them. */
const rowsPerWrite = 500;
/** A hosted libSQL server answers with 10 MB at most. */
const rowsPerRead = 1_000;

/**
 * Makes the store's list equal to the given one, in one transaction: readers see the old list or the new one, and a writer
 * that dies leaves the old one. Only differences are written; where there are none, nothing is.
 * Source types are kept and renewed, never removed.
 * @throws RevisionGone
 */
export async function replaceSources(
  db: WritableDatabase,
  list: SourceList,
  options: ReplaceOptions,
): Promise<Changes> {
  return db.transaction(async (tx) => {
    const revision = await readRevision(tx);
    if (options.revision !== undefined && revision !== options.revision) {
      throw new RevisionGone(`the list is at revision ${revision}, no more at ${options.revision}`);
    }
    const difference = compareLists(await readStored(tx), list);
    options.approve?.(difference);
    await write(tx, difference, options);
    return countChanges(difference);
  });
}

/** What `replaceSources` would change. */
export async function compareWithStore(db: WritableDatabase, list: SourceList): Promise<Difference> {
  return db.transaction(async (tx) => compareLists(await readStored(tx), list));
}

/** The number that goes up with every change of the list. */
export async function readRevision(db: Pick<WritableDatabase, "select">): Promise<number> {
  const [state] = await db.select({ revision: listState.revision }).from(listState);
  if (!state) throw new Error("the store lacks its state: run `npm run db:migrate`");
  return state.revision;
}

type Transaction = Parameters<Parameters<WritableDatabase["transaction"]>[0]>[0];

async function readStored(tx: Transaction): Promise<SourceList> {
  const sources: StoredSource[] = [];
  for (let rows: StoredSource[] | undefined; rows === undefined || rows.length === rowsPerRead; ) {
    rows = await tx
      .select()
      .from(oauthSources)
      .where(gt(oauthSources.pk, sources.at(-1)?.pk ?? ""))
      .orderBy(asc(oauthSources.pk))
      .limit(rowsPerRead);
    sources.push(...rows);
  }
  const types = await tx.select().from(sourceTypes);
  return { sources, types: new Map(types.map(({ providerType, type }) => [providerType, type])) };
}

async function write(tx: Transaction, difference: Difference, { now, onProgress }: ReplaceOptions): Promise<void> {
  if (isEmpty(difference)) return;
  const changed = difference.changed.map(({ source }) => source);
  // What changes is removed first, so that sources may swap their slugs.
  for (const rows of chunks([...difference.removed, ...changed])) {
    const pks = rows.map(({ pk }) => pk);
    await tx.delete(oauthSources).where(inArray(oauthSources.pk, pks));
  }
  const rows = [...difference.added, ...changed];
  let written = 0;
  for (const some of chunks(rows)) {
    await tx.insert(oauthSources).values(some);
    written += some.length;
    onProgress?.(written, rows.length);
  }
  for (const some of chunks(difference.types)) {
    await tx
      .insert(sourceTypes)
      .values(some.map(({ providerType, to }) => ({ providerType, type: to })))
      .onConflictDoUpdate({ target: sourceTypes.providerType, set: { type: sql`excluded.type` } });
  }
  await tx.update(listState).set({ revision: sql`${listState.revision} + 1`, changedAt: now });
}

function* chunks<T>(items: T[]): Generator<T[]> {
  for (let i = 0; i < items.length; i += rowsPerWrite) yield items.slice(i, i + rowsPerWrite);
}
