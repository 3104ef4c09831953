import { describe, expect, it } from "vitest";
import { checkLargestPage, excessOfSource, tooDeepKey } from "../../src/sync/list-limits.ts";

const sourceOf = (bytes: number, slug = "x") => ({ slug, document: "x".repeat(bytes) });

describe("excessOfSource", () => {
  it("takes 64 KiB, and finds a byte more", () => {
    expect(excessOfSource("x".repeat(65_536))).toBe(undefined);
    expect(excessOfSource("x".repeat(65_537))).toBe("65537 bytes as JSON, more than 65536");
  });

  it.each(["é", "中", "🔑"])("counts the bytes of %s in UTF-8", (letter) => {
    const most = Math.floor(65_536 / Buffer.byteLength(letter));
    expect(excessOfSource(letter.repeat(most))).toBe(undefined);
    expect(excessOfSource(letter.repeat(most + 1))).toMatch(/^655\d\d bytes/);
  });
});

describe("checkLargestPage", () => {
  it("takes 8 MiB in the thousand largest sources, and names the largest of what has a byte more", () => {
    const page = Array.from({ length: 1_000 }, (_, i) => sourceOf(i < 608 ? 8_389 : 8_388));
    const small = Array(100).fill(sourceOf(8_388));
    expect(() => checkLargestPage([...small, ...page])).not.toThrow();
    expect(() => checkLargestPage([...page.slice(1), sourceOf(8_390, "large"), ...small])).toThrow(
      /^the 1000 largest sources have 8388609 bytes as JSON together, more than 8388608: large has 8390, x has 8389, x /,
    );
  });
});

describe("tooDeepKey", () => {
  const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

  it("takes 200 levels, and finds one more", () => {
    expect(tooDeepKey({ a: nested(200), b: { b: nested(199) } })).toBe(undefined);
    expect(tooDeepKey({ a: 1, b: { b: nested(200) }, c: nested(201) })).toBe("b");
  });

  it("looks at levels deeper than a call stack", () => {
    expect(tooDeepKey({ a: nested(100_000) })).toBe("a");
  });
});
