import { describe, expect, it } from "vitest";
import { printable } from "../../src/printable.ts";

describe("printable", () => {
  it.each([
    ["\x1b[2J\x07\b\r\x7f", "\\u001b[2J\\u0007\\u0008\\u000d\\u007f"],
    ["\x9b31m\x85", "\\u009b31m\\u0085"],
    ["a\u202eb\u2066c\u200fd\u061c", "a\\u202eb\\u2066c\\u200fd\\u061c"],
    ["\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b"],
    ["\u{e0041}", "\\udb40\\udc41"],
  ])("writes %j as JSON does", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each(["GitHub – „Größe“ 中文 عربى 👩 \n second line", ""])("leaves %j as it is", (text) => {
    expect(printable(text)).toBe(text);
  });

  it("keeps JSON the JSON of the same value", () => {
    const value = { slug: "a\u202e\x9b\u{e0041}\x1b" };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});
