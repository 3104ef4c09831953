import { describe, expect, it } from "vitest";
import { splitWords, strip } from "../../src/source/white-space.ts";

/** What Python 3 calls white space, by `str.isspace`. */
const spaces = [
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003],
  ...[0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
];
const text = String.fromCodePoint(...spaces);

describe("strip", () => {
  it("takes away what Python calls white space, at both ends alone", () => {
    expect(strip(`${text}a${text}b${text}`)).toBe(`a${text}b`);
    expect(strip(text)).toBe("");
  });

  it("takes nothing else away", () => {
    for (let code = 0; code < 0x10000; code++) {
      const letter = String.fromCharCode(code);
      if (!spaces.includes(code)) expect(strip(letter) === letter, `U+${code.toString(16)}`).toBe(true);
    }
  });

  it("takes other characters away where they are given", () => {
    expect(strip("{{ a} }", /[{}]/)).toBe(" a} ");
  });
});

describe("splitWords", () => {
  it("gives the words between runs of white space", () => {
    expect(splitWords(`${text}a${text}b\ufeffc${text}`)).toEqual(["a", "b\ufeffc"]);
    expect(splitWords(text)).toEqual([]);
  });
});
