import { describe, expect, it } from "vitest";
import { searchTerms, searchText } from "../../src/source/search.ts";

describe("searchText", () => {
  it.each([
    ["Straße", "STRAßE"],
    ["é", "É"],
    ["ος", "ΟΣ"],
    ["ŉ ﬁ", "ŉ ﬁ"],
    ["𐐨", "𐐀"],
    ["ǆ", "Ǆ"],
  ])("folds %s to %s, a code point at a time", (name, folded) => {
    expect(searchText(name, "My-Slug")).toBe(`${folded}\nMY-SLUG`);
  });
});

describe("searchTerms", () => {
  it.each([
    ["", []],
    ["  ", []],
    ["git hub", ["GIT", "HUB"]],
    ["hub,git hub", ["GIT", "HUB"]],
    ["Git GIT git", ["GIT"]],
    ["g\0it", ["GIT"]],
    ['"git hub"', ['"GIT', 'HUB"']],
  ])("reads %j as %j", (search, terms) => {
    expect(searchTerms(search)).toEqual(terms);
  });
});
