import { describe, expect, it } from "vitest";
import { changedFields, compareLists, countChanges, isEmpty } from "../../src/sync/difference.ts";

const documentOf = (pk: string, document: string) => ({ pk, slug: pk, document, searchText: "", icons: [] });
const stored = {
  revision: 1,
  count: 3,
  documents: new Map([
    ["a", '{"a":1}'],
    ["b", '{"b":1}'],
    ["c", '{"c":1}'],
  ]),
  beside: "{}",
  types: ['{"name":"x"}', '{"name":"y"}'],
};
const plain = { held: [], beside: "{}", warnings: { count: 0, first: [] } };
const same = { ...plain, documents: [...stored.documents].map((entry) => documentOf(...entry)) };

describe("compareLists", () => {
  it("finds what is added, changed, removed and unchanged, by pk", () => {
    const same = documentOf("a", '{"a":1}');
    const changed = documentOf("c", '{"c":2}');
    const fresh = documentOf("d", '{"c":1}');
    const found = compareLists(stored, { ...plain, documents: [fresh, changed, same] });
    expect(found).toEqual({
      added: [fresh],
      changed: [{ before: '{"c":1}', after: changed }],
      renewed: [],
      removed: new Map([["b", '{"b":1}']]),
      unchanged: 1,
      leftOut: 0,
      isMiscounted: false,
    });
    expect(countChanges(found)).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 1, renewed: 0 });
    expect(isEmpty(found)).toBe(false);
  });

  it.each([
    ["the same list", same],
    ["the same list in another order", { ...same, documents: same.documents.toReversed() }],
    ["the same list with the same types", { ...same, types: stored.types }],
  ])("finds nothing in %s", (_, wanted) => {
    const found = compareLists(stored, wanted);
    expect(isEmpty(found)).toBe(true);
    expect(countChanges(found)).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 3, renewed: 0 });
  });

  it("finds a change beside the results alone", () => {
    const found = compareLists(stored, { ...same, beside: '{"x":1}' });
    expect(found).toMatchObject({ unchanged: 3, beside: '{"x":1}' });
    expect(isEmpty(found)).toBe(false);
  });

  it("finds a change of the source types alone, even of their order", () => {
    const types = stored.types.toReversed();
    const found = compareLists(stored, { ...same, types });
    expect(found).toMatchObject({ unchanged: 3, types });
    expect(isEmpty(found)).toBe(false);
  });
});

describe("changedFields", () => {
  it("names the keys that differ, those that came and those that went", () => {
    expect(changedFields('{"a":1,"b":{"x":[1]},"c":null}', '{"b":{"x":[2]},"c":null,"d":0}')).toEqual([
      { field: "a", from: 1, to: undefined },
      { field: "b", from: { x: [1] }, to: { x: [2] } },
      { field: "d", from: undefined, to: 0 },
    ]);
  });
});
