import { describe, expect, it } from "vitest";
import { sizeProblems, tooDeepFields } from "../../src/sync/list-limits.ts";

const sourceOf = (bytes: number, slug = "x") => ({ slug, document: "x".repeat(bytes) });

describe("sizeProblems", () => {
  it("takes a source of 64 KiB, and refuses a byte more", () => {
    expect(sizeProblems([sourceOf(65_536)])).toEqual([]);
    expect(sizeProblems([sourceOf(1), sourceOf(65_537, "large")])).toEqual([
      { row: 1, slug: "large", code: "too_large", message: "has 65537 bytes as JSON, more than 65536" },
    ]);
  });

  it("counts bytes of UTF-8", () => {
    expect(sizeProblems([{ slug: "x", document: "é".repeat(32_769) }])).toHaveLength(1);
  });

  it("takes 8 MiB in the thousand largest sources, and names the largest of what has a byte more", () => {
    const page = Array.from({ length: 1_000 }, (_, i) => sourceOf(i < 608 ? 8_389 : 8_388));
    const small = Array(100).fill(sourceOf(8_388));
    expect(sizeProblems([...small, ...page])).toEqual([]);
    const [problem, ...others] = sizeProblems([...page.slice(1), sourceOf(8_390, "large"), ...small]);
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(
      /^the 1000 largest sources have 8388609 bytes as JSON together, more than 8388608: row 1000 \(slug "large"\) has 8390, row 1 /,
    );
  });
});

describe("tooDeepFields", () => {
  const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

  it("takes 200 levels, and refuses one more", () => {
    expect(tooDeepFields({ a: nested(200), b: { b: nested(199) } })).toEqual([]);
    expect(tooDeepFields({ a: nested(201), b: { b: nested(200) }, c: 1 })).toEqual(["a", "b"]);
  });

  it("looks at levels deeper than a call stack", () => {
    expect(tooDeepFields({ a: nested(100_000) })).toEqual(["a"]);
  });
});
