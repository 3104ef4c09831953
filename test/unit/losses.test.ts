// Holds P15: docs/promises.md.

import { describe, expect, it } from "vitest";
import { refuseLosses } from "../../src/sync/difference.ts";

const document = { pk: "", slug: "", document: "", searchText: "", icons: [] };

/** A difference of so many sources of each kind. */
const difference = (added: number, changed: number, removed: number, unchanged: number) => ({
  added: Array(added).fill(document),
  changed: Array(changed).fill({ before: "", after: document }),
  renewed: [],
  removed: new Map(Array.from({ length: removed }, (_, i) => [String(i), ""])),
  unchanged,
  leftOut: 0,
  isMiscounted: false,
});

describe("refuseLosses", () => {
  it.each([
    ["all of one source", difference(0, 0, 1, 0), "has no sources any more, of 1 in the store: nothing was written"],
    ["all of twelve", difference(0, 0, 12, 0), "has no sources any more, of 12 in the store"],
    ["six of ten", difference(0, 0, 6, 4), "has lost 6 of the 10 sources in the store: nothing was written"],
    ["six of ten, others changed", difference(0, 4, 6, 0), "has lost 6 of the 10 sources"],
    ["six of ten for six others", difference(6, 0, 6, 4), "has lost 6 of the 10 sources"],
    ["six of eleven", difference(0, 0, 6, 5), "has lost 6 of the 11 sources"],
  ])("refuses the loss of %s", (_, losses, message) => {
    expect(() => refuseLosses(losses)).toThrow(message);
  });

  it.each([
    ["half of ten", difference(0, 0, 5, 5)],
    ["eight of nine", difference(0, 0, 8, 1)],
    ["all of one for another", difference(1, 0, 1, 0)],
    ["nothing from an empty store", difference(0, 0, 0, 0)],
    ["nothing, with many added", difference(1_000, 0, 0, 1)],
  ])("takes the loss of %s", (_, losses) => {
    expect(() => refuseLosses(losses)).not.toThrow();
  });
});
