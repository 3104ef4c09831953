// Holds P15 and P17: docs/promises.md.

import { describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { compareLists, countChanges, isEmpty, refuseLosses, type StoredList } from "../../src/sync/difference.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { listAsSql } from "../../tools/sql.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, padSource } from "../support/upstream.ts";

const tooLarge = (source: OAuthSource) => padSource(source, 65_537);

function stored(rows: unknown[]): StoredList {
  const { documents } = readList(rows);
  const byPk = new Map(documents.map(({ pk, document }) => [pk, document]));
  return { revision: 1, documents: byPk, count: byPk.size, beside: "{}", types: [] };
}

const compare = (before: unknown[], after: unknown[]) => compareLists(stored(before), readList(after));

const sources = generateSources(12);
const [first, second, ...others] = sources as [OAuthSource, OAuthSource, ...OAuthSource[]];

describe("a source that cannot be taken", () => {
  it("is neither changed nor removed", () => {
    const difference = compare(sources, [tooLarge(first), second, ...others]);
    expect(countChanges(difference)).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 12, renewed: 0 });
    expect(isEmpty(difference)).toBe(true);
  });

  it("is left out where the store has none of it, and counts as no loss", () => {
    const difference = compare([second, ...others], [tooLarge(first), second, ...others]);
    expect(difference).toMatchObject({ leftOut: 1, unchanged: 11 });
    expect(isEmpty(difference)).toBe(true);
  });

  it("counts as there where losses are looked for", () => {
    expect(() => refuseLosses(compare(sources, sources.map(tooLarge)))).not.toThrow();
    expect(() => refuseLosses(compare([first], [tooLarge(second)]))).not.toThrow();
    expect(() => refuseLosses(compare([first], []))).toThrow("authentik has no sources any more");
  });

  it("gives way to a source that has its slug meanwhile", async () => {
    const store = await createFileStore([first, second]);
    const swapped = [tooLarge({ ...first, slug: "other" }), { ...second, slug: first.slug }];
    const changes = await replaceSources(store.db, readList(swapped), { now: 1 });
    expect(changes).toEqual({ added: 0, changed: 1, removed: 1, unchanged: 0, renewed: 0 });
    expect(await store.slugs()).toEqual([first.slug]);
  });

  it("may not make a page too large together with what is taken", () => {
    const rows = generateSources(1_000);
    const before = rows.map((source, i) => (i < 100 ? padSource(source, 65_000) : source));
    const after = rows.map((source, i) => (i < 100 ? tooLarge(source) : padSource(source, 9_000)));
    expect(() => compare(before, after)).toThrow(/the 1000 largest sources have 14600000 bytes/);
  });

  it("is kept by the SQL of an import too, unless its slug is another's", async () => {
    const [third] = others as [OAuthSource];
    const store = await createFileStore(sources);
    const list = readList([
      tooLarge(first),
      tooLarge({ ...second, slug: "other" }),
      { ...third, slug: second.slug, name: "New" },
    ]);
    expect(list.held).toEqual([first.pk, second.pk]);
    await store.db.$client.executeMultiple(listAsSql(list, 1));
    expect(await store.slugs()).toEqual([first.slug, second.slug]);
    expect((await store.snapshot()).sources.map(({ name }) => name)).toEqual([first.name, "New"]);
    expect((await store.snapshot()).state).toMatchObject([{ count: 2 }]);
  });
});

describe("a source's size", () => {
  it("is measured in bytes, whatever its letters are", () => {
    const padding = (letter: string, bytes: number) => {
      const { additional_scopes: text, ...rest } = padSource(first, bytes);
      return { ...rest, additional_scopes: letter.repeat(text.length / Buffer.byteLength(letter)) };
    };
    const spare = Buffer.byteLength(JSON.stringify(padding("x", 60_000)));
    expect(spare).toBe(60_000);
    for (const letter of ["x", "é", "中", "🔑"]) {
      expect(readList([padding(letter, 65_536)]).held).toEqual([]);
      expect(readList([padding(letter, 65_536 + 4)]).held).toEqual([first.pk]);
    }
  });
});

describe("the losses that are refused", () => {
  const lists = [9, 10, 11].map((count) => generateSources(count));

  it.each([
    [9, 1, false],
    [9, 0, true],
    [10, 5, false],
    [10, 4, true],
    [11, 6, false],
    [11, 5, true],
  ])("of %d, when %d are left: %s", (before, after, isRefused) => {
    const list = lists.find(({ length }) => length === before) ?? [];
    const check = () => refuseLosses(compare(list, list.slice(0, after)));
    if (isRefused) expect(check).toThrow("authentik has");
    else expect(check).not.toThrow();
  });
});

describe("a count that differs from the sources", () => {
  it.each([
    ["a source that authentik lacks too was deleted by hand", sources.slice(1)],
    ["a source was deleted by hand", sources],
  ])("is mended by the next write where %s", async (_, wanted) => {
    const store = await createFileStore(sources);
    await store.db.run(`DELETE FROM oauth_sources WHERE pk = '${first.pk}'`);
    await replaceSources(store.db, readList(wanted), { now: 1 });
    expect((await store.snapshot()).state).toMatchObject([{ count: wanted.length }]);
    const after = await store.snapshot();
    await replaceSources(store.db, readList(wanted), { now: 2 });
    expect(await store.snapshot()).toEqual(after);
  });
});
