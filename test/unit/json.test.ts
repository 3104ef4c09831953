import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/sync/json.ts";
import { tooDeepKey } from "../../src/sync/list-limits.ts";

describe("parseJson", () => {
  it("keeps the spelling of numbers that no JavaScript number would be written as", () => {
    const text = '{"keys":[12345678901234567890,1e400,1.0,-0,1E5,0.1000,123456789012345678901234567890,"1.0",true]}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it.each(['{"a":1,"b":[true,null,"x\\"1.0"],"__proto__":{"c":2}}', '[1.5,-2,0,"\\u00e9"]'])(
    "parses %s as JSON.parse does",
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );

  it.each(["", "{", "[1.0", "1.0.0", '{"a":01}', "-", "[1e400,]"])("refuses %j as JSON.parse does", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it("parses what is nested deeper than a call stack, odd numbers or not", () => {
    const deep = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
    expect(parseJson(deep)).toBeInstanceOf(Array);
  });

  it("keeps the spelling of numbers beside what is nested deeper than a call stack", () => {
    const deep = (depth: number) => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`;
    const parsed = parseJson(`{"a":1.0,"deep":[${deep(100_000)},${deep(100_000)}],"b":[1e400,"]"]}`) as object;
    expect(tooDeepKey({ ...parsed })).toBe("deep");
    const { deep: _, ...others } = parsed as Record<string, unknown>;
    expect(JSON.stringify(others)).toBe('{"a":1.0,"b":[1e400,"]"]}');
  });

  it("refuses an unterminated string in linear time", () => {
    const begun = performance.now();
    expect(() => parseJson(`"${'\\"'.repeat(200_000)}`)).toThrow(SyntaxError);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
