import { describe, expect, it } from "vitest";
import { printable } from "../../src/printable.ts";

describe("printable", () => {
  it.each([
    ["\x1b[2J\x07\b\r\x7f", "%1B[2J%07%08%0D%7F"],
    ["\x9b31m\x85", "%C2%9B31m%C2%85"],
    ["a\u202eb\u2066c\u200fd\u061c", "a%E2%80%AEb%E2%81%A6c%E2%80%8Fd%D8%9C"],
    ["\u2028\u2029\ufeff", "%E2%80%A8%E2%80%A9%EF%BB%BF"],
    ["\u{e0041}", "%F3%A0%81%81"],
  ])("encodes %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each(["GitHub – „Größe“ 中文 عربى 👩 100 %\n second line", "half a pair: \ud83d", ""])(
    "leaves %j as it is",
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it("leaves JSON readable", () => {
    expect(JSON.parse(printable(JSON.stringify({ slug: "a\u202e", name: "\x1b" })))).toEqual({
      slug: "a%E2%80%AE",
      name: "\x1b",
    });
  });
});
