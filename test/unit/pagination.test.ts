import { describe, expect, it } from "vitest";
import { paginate } from "../../src/source/pagination.ts";

describe("paginate", () => {
  it.each([
    [0, 1, 100, { next: 0, previous: 0, current: 1, total_pages: 1, start_index: 0, end_index: 0 }],
    [12, 1, 100, { next: 0, previous: 0, current: 1, total_pages: 1, start_index: 1, end_index: 12 }],
    [12, 1, 5, { next: 2, previous: 0, current: 1, total_pages: 3, start_index: 1, end_index: 5 }],
    [12, 2, 5, { next: 3, previous: 1, current: 2, total_pages: 3, start_index: 6, end_index: 10 }],
    [12, 3, 5, { next: 0, previous: 2, current: 3, total_pages: 3, start_index: 11, end_index: 12 }],
    [10, 2, 5, { next: 0, previous: 1, current: 2, total_pages: 2, start_index: 6, end_index: 10 }],
  ])("places, of %i sources, page %i of %i each", (count, page, pageSize, expected) => {
    expect(paginate(count, page, pageSize)).toEqual({ count, ...expected });
  });

  it.each([
    [0, 2, 100],
    [10, 3, 5],
  ])("has, of %i sources, no page %i of %i each", (count, page, pageSize) => {
    expect(paginate(count, page, pageSize)).toBe(undefined);
  });
});
