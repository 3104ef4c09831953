import { sql } from "drizzle-orm";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { byteLength } from "../base/byte-length.ts";
import type { WritableDatabase } from "../db/database.ts";
import { iconImages, icons, listState, sourceTypes } from "../db/schema.ts";
import { type SourceType, sourceTypeSchema } from "../source/source-type.ts";
import { type Changes, compareLists, countChanges, type Difference, isEmpty, type StoredList } from "./difference.ts";
import type { SourceList } from "./list.ts";
import { Superseded } from "./sync-error.ts";

/** The columns that are written; the table generates the others, of which the Worker needs no description. */
const writtenSources = sqliteTable("oauth_sources", {
  pk: text().notNull(),
  document: text().notNull(),
  searchText: text("search_text").notNull(),
});

/** Icons go with their source, and images with the last icon. */
export const iconsOfNoSource = sql`${icons.pk} NOT IN (SELECT ${writtenSources.pk} FROM ${writtenSources})`;
export const imagesOfNoIcon = sql`${iconImages.digest} NOT IN (SELECT ${icons.digest} FROM ${icons} WHERE ${icons.digest} IS NOT NULL)`;

/** A page of the 1,000 largest sources has 8 MiB at most, and a hosted libSQL server answers with 10 MB. */
const rowsPerRead = 1_000;
/** Of a bound value, but for its last item, which has some 200 KB at most: D1 takes 2 MB. */
const valueBytes = 250_000;
/** Of a statement: a longer one would keep an embedded server, which runs one at a time, from its readers. */
const rowsPerStatement = 500;
/** Of all bound values of a batch: a server takes some 32 MiB in one request. */
const defaultBatchBytes = 32 * 1024 * 1024;
/** How often a write is tried from the reading on, where other writers are faster. */
export const writeAttempts = 3;

/** The source types of the store by name, for rows that bring none. */
export async function readTypesByName(db: Pick<WritableDatabase, "select">): Promise<Map<string, SourceType>> {
  const rows = await db.select().from(sourceTypes);
  return new Map(rows.map(({ name, type }) => [name, sourceTypeSchema.parse(JSON.parse(type))]));
}

/** The number that goes up with every write of the list, and with every run that finds nothing to write. */
export async function readRevision(db: Pick<WritableDatabase, "select">): Promise<number> {
  const [state] = await db.select({ revision: listState.revision }).from(listState);
  if (!state) throw new Error(stateless);
  return state.revision;
}

const stateless = "the store lacks its state: run `npm run db:migrate`";

/**
 * Reads the whole list, in pages. Each comes with the revision, and all must agree.
 * @throws Superseded where other writers were faster three times
 */
export async function readStoredList(db: WritableDatabase): Promise<StoredList> {
  for (let attempt = 1; attempt <= writeAttempts; attempt++) {
    const types = await db.select({ type: sourceTypes.type }).from(sourceTypes).orderBy(sourceTypes.position);
    const list = await readDocuments(db);
    if (list) return { ...list, types: types.map(({ type }) => type) };
  }
  throw new Superseded("the list changed each time while it was read");
}

/** @returns undefined where the list changed between two pages */
async function readDocuments(db: WritableDatabase): Promise<Omit<StoredList, "types"> | undefined> {
  const documents = new Map<string, string>();
  let first: { revision: number; beside: string; count: number } | undefined;
  for (let last = "", size = rowsPerRead; size === rowsPerRead; ) {
    const [state, ...rows] = await db.values<
      [unknown, string, unknown]
    >(sql`select revision, beside, count from list_state
      union all select * from (select pk, document, 0 from oauth_sources where pk > ${last} order by pk limit ${rowsPerRead})`);
    if (!state) throw new Error(stateless);
    first ??= { revision: Number(state[0]), beside: state[1], count: Number(state[2]) };
    if (Number(state[0]) !== first.revision) return undefined;
    for (const row of rows) documents.set(String(row[0]), row[1]);
    size = rows.length;
    last = String(rows.at(-1)?.[0] ?? "");
  }
  return first && { ...first, documents };
}

export interface WriteOptions {
  /** The revision with which the difference was found. */
  revision: number;
  /** Milliseconds since 1970, kept as the time of the change. */
  now: number;
  /** Of all values, in bytes. A file takes any. @default 32 MiB */
  maxBytes?: number | undefined;
}

/**
 * Writes a difference in one batch: one round trip, and atomic. Readers see the old list or the new one, and a writer that
 * dies leaves the old one. One in which nothing differs raises the revision alone: a writer that has read before gives way to it.
 * @throws Superseded where another writer was faster; nothing is written then
 */
export async function writeDifference(
  db: WritableDatabase,
  difference: Difference,
  options: WriteOptions,
): Promise<void> {
  const { added, changed, renewed, removed, beside, types } = difference;
  const isChange = !isEmpty(difference);
  const replaced = [...changed, ...renewed].map(({ after }) => after);
  const rows = [...added, ...replaced];
  const values = chunks(rows.map(({ pk, document, searchText }) => JSON.stringify([pk, document, searchText])));
  // What changes is removed first, so that sources may swap their slugs.
  const gone = chunks([...removed.keys(), ...replaced.map(({ pk }) => pk)].map((pk) => JSON.stringify(pk)));
  checkBytes([...values, ...gone], options.maxBytes ?? defaultBatchBytes);

  const { revision } = listState;
  // The guard, and it comes first: the revision is NOT NULL, and becomes NULL where another writer was faster.
  const guard = db.update(listState).set({
    revision: sql`CASE WHEN ${revision} = ${options.revision} THEN ${revision} + 1 END`,
    ...(isChange && { changedAt: options.now }),
    ...(beside !== undefined && { beside }),
  });
  const deletions = gone.map((pks) =>
    db.delete(writtenSources).where(sql`${writtenSources.pk} IN (SELECT value FROM json_each(${pks}))`),
  );
  const insertions = values.map((json) =>
    db.insert(writtenSources).select(sql`SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${json})`),
  );
  const newTypes = types && [
    db.delete(sourceTypes),
    db.insert(sourceTypes).select(sql`SELECT value ->> '$.name', key, value FROM json_each(${`[${types.join(",")}]`})`),
  ];
  const iconDeletions =
    removed.size === 0 ? [] : [db.delete(icons).where(iconsOfNoSource), db.delete(iconImages).where(imagesOfNoIcon)];
  // It reads the whole table.
  const counts = isChange ? [db.update(listState).set({ count: sql`(SELECT count(*) FROM ${writtenSources})` })] : [];
  try {
    await db.batch([guard, ...deletions, ...insertions, ...(newTypes ?? []), ...iconDeletions, ...counts]);
  } catch (error) {
    if (isGuard(error)) throw new Superseded("the list was changed meanwhile", { cause: error });
    throw error;
  }
}

/** Drivers wrap the error, and pass SQLite's words on. */
function isGuard(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes("NOT NULL constraint failed: list_state.revision") || isGuard(error.cause);
}

/** JSON arrays of the items, each of `rowsPerStatement` and about `valueBytes` at most. */
export function chunks(items: string[]): string[] {
  const arrays: string[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, item] of items.entries()) {
    const size = byteLength(item) + 1;
    if (i > from && (bytes + size > valueBytes || i - from === rowsPerStatement)) {
      arrays.push(`[${items.slice(from, i).join(",")}]`);
      [from, bytes] = [i, 0];
    }
    bytes += size;
  }
  if (from < items.length) arrays.push(`[${items.slice(from).join(",")}]`);
  return arrays;
}

function checkBytes(values: string[], most: number): void {
  const bytes = values.reduce((sum, value) => sum + byteLength(value), 0);
  if (bytes <= most) return;
  const mebibytes = (count: number) => (count / 2 ** 20).toFixed(1);
  throw new Error(
    `the changes have ${mebibytes(bytes)} MiB, more than the ${mebibytes(most)} MiB that go into one batch: write them to a file store`,
  );
}

export interface ReplaceOptions extends Pick<WriteOptions, "maxBytes"> {
  /** Milliseconds since 1970, kept as the time of the change. */
  now: number;
  /** Called with the difference before it is written; what it throws leaves the store as it was. */
  check?: ((difference: Difference) => void) | undefined;
}

/**
 * Makes the store's list equal to the given one. Only differences are written; where there are none, nothing is. Where another
 * writer is faster, it starts again from the reading, and gives up after three attempts.
 * @throws Superseded
 * @example
 * await replaceSources(drizzle(env.DB), readList(await response.json()), { now: Date.now() });
 */
export async function replaceSources(
  db: WritableDatabase,
  list: SourceList,
  options: ReplaceOptions,
): Promise<Changes> {
  for (let attempt = 1; ; attempt++) {
    const stored = await readStoredList(db);
    const difference = compareLists(stored, list);
    options.check?.(difference);
    if (isEmpty(difference) && difference.renewed.length === 0) return countChanges(difference);
    try {
      await writeDifference(db, difference, { ...options, revision: stored.revision });
      return countChanges(difference);
    } catch (error) {
      if (!(error instanceof Superseded) || attempt === writeAttempts) throw error;
    }
  }
}
