// Holds P12: docs/promises.md.

import { sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import type { WritableDatabase } from "../../src/db/database.ts";
import { listState, oauthSources } from "../../src/db/schema.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { compareLists } from "../../src/sync/difference.ts";
import { readList } from "../../src/sync/list.ts";
import { Superseded } from "../../src/sync/sync-error.ts";
import {
  readRevision,
  readStoredList,
  readTypesByName,
  replaceSources,
  writeDifference,
} from "../../src/sync/write.ts";
import { readFixture } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, padSource } from "../support/upstream.ts";

const stored = generateSources(12);
const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];
const renamed = [{ ...first, name: "Renamed" }, second, ...others];

let store: Awaited<ReturnType<typeof createFileStore>>;

beforeEach(async () => {
  store = await createFileStore(stored);
});

/** Another writer, which comes in between the reading and the writing of whoever uses this store, so often. */
function overtaken(times: number): WritableDatabase {
  let left = times;
  const batch: WritableDatabase["batch"] = async (statements) => {
    if (left-- > 0) await store.db.update(listState).set({ revision: sql`${listState.revision} + 1` });
    return store.db.batch(statements);
  };
  return new Proxy(store.db, {
    get: (db, name) => (name === "batch" ? batch : Reflect.get(db, name, db)),
  });
}

describe("replaceSources", () => {
  it("writes the differences alone, and raises the revision", async () => {
    const revision = await readRevision(store.db);
    const [fresh] = generateSources(13).slice(12);
    const changes = await replaceSources(store.db, readList([...renamed.slice(0, 1), ...others, fresh]), { now: 7 });
    expect(changes).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 10, renewed: 0 });
    expect(await store.slugs()).toEqual([first, ...others, fresh].map((source) => source?.slug));
    expect((await store.snapshot()).state).toMatchObject([{ revision: revision + 1, changedAt: 7, count: 12 }]);
  });

  it("writes nothing where nothing differs", async () => {
    const before = await store.snapshot();
    expect(await replaceSources(store.db, readList(stored), { now: 7 })).toMatchObject({ unchanged: 12 });
    expect(await store.snapshot()).toEqual(before);
  });

  it("lets sources swap what is unique", async () => {
    await store.load([{ ...first, managed: "a" }, { ...second, managed: "b" }, ...others]);
    const swapped = [
      { ...first, slug: second.slug, managed: "b" },
      { ...second, slug: first.slug, managed: "a" },
      ...others,
    ];
    expect(await store.load(swapped)).toMatchObject({ changed: 2 });
    expect((await store.snapshot()).sources.map(({ slug, managed }) => [slug, managed]).slice(0, 2)).toEqual([
      [second.slug, "b"],
      [first.slug, "a"],
    ]);
  });

  it("keeps the number of sources", async () => {
    const { results } = readFixture("many");
    for (const rows of [results, results.slice(1), []]) {
      await store.load(rows);
      expect((await store.snapshot()).state).toMatchObject([{ count: rows.length }]);
      expect(await store.db.$count(oauthSources)).toBe(rows.length);
    }
  });

  it("reads and writes more sources than fit one statement", async () => {
    const many = generateSources(2_100);
    expect(await store.load(many)).toEqual({ added: 2_088, changed: 0, removed: 0, unchanged: 12, renewed: 0 });
    expect(await store.load(many)).toMatchObject({ unchanged: 2_100 });
    expect(await store.load([])).toMatchObject({ removed: 2_100 });
  });

  it("leaves the list as it was where a check refuses the difference", async () => {
    const before = await store.snapshot();
    const check = () => {
      throw new Error("no");
    };
    await expect(replaceSources(store.db, readList([]), { now: 0, check })).rejects.toThrow("no");
    expect(await store.snapshot()).toEqual(before);
  });

  it("refuses a difference of more bytes than one batch takes, and names both", async () => {
    const before = await store.snapshot();
    const list = readList([padSource(first, 30_000), ...generateSources(30).slice(1)]);
    await expect(replaceSources(store.db, list, { now: 0, maxBytes: 1024 })).rejects.toThrow(
      /^the changes have 0\.\d MiB, more than the 0\.0 MiB that go into one batch: write them to a file store$/,
    );
    expect(await store.snapshot()).toEqual(before);
  });

  it("counts the bytes of a batch, whatever its letters are", async () => {
    const list = readList([{ ...first, additional_scopes: "中".repeat(20_000) }]);
    await expect(replaceSources(store.db, list, { now: 0, maxBytes: 60_000 })).rejects.toThrow(
      "the changes have 0.1 MiB",
    );
    expect(await replaceSources(store.db, list, { now: 0, maxBytes: 70_000 })).toMatchObject({ changed: 1 });
  });

  it("starts again where another writer was faster, and gives up the third time", async () => {
    expect(await replaceSources(overtaken(2), readList(renamed), { now: 0 })).toMatchObject({ changed: 1 });
    await expect(replaceSources(overtaken(3), readList(stored), { now: 0 })).rejects.toThrow(Superseded);
    expect((await store.snapshot()).sources[0]?.name).toBe("Renamed");
  });
});

describe("writeDifference", () => {
  it("writes nothing where the list has changed since the difference was found", async () => {
    const found = await readStoredList(store.db);
    await store.load(renamed);
    const before = await store.snapshot();
    const late = writeDifference(store.db, compareLists(found, readList([])), { revision: found.revision, now: 0 });
    await expect(late).rejects.toThrow(Superseded);
    expect(await store.snapshot()).toEqual(before);
  });

  it("raises the revision alone where nothing differs, and only of the list that it was found of", async () => {
    const found = await readStoredList(store.db);
    const nothing = compareLists(found, readList(stored));
    const before = await store.shown();
    await writeDifference(store.db, nothing, { revision: found.revision, now: 7 });
    expect(await store.shown()).toEqual(before);
    expect(await readRevision(store.db)).toBe(found.revision + 1);
    await expect(writeDifference(store.db, nothing, { revision: found.revision, now: 7 })).rejects.toThrow(Superseded);
  });
});

describe("readStoredList", () => {
  it("says what to do where the store has no state", async () => {
    await store.load([]);
    await store.db.delete(listState);
    const message = "the store lacks its state: run `npm run db:migrate`";
    await expect(readStoredList(store.db)).rejects.toThrow(message);
    await expect(readRevision(store.db)).rejects.toThrow(message);
  });
});

describe("readTypesByName", () => {
  it("has the types that the migrations bring, by name", async () => {
    const types = await readTypesByName(store.db);
    expect(types.get("github")).toMatchObject({ name: "github", verbose_name: "GitHub" });
  });
});
