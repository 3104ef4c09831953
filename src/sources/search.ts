import { splitWords } from "./white-space.ts";

/**
 * Letters compare upper-cased one code point at a time, and only where the upper-case form is one code point too
 * (docs/contract.md, "Search"): é = É and ς = σ, but ß ≠ ss. PostgreSQL's `UPPER`, which Django's `icontains` uses, does the same.
 */
function fold(text: string): string {
  let folded = "";
  for (const letter of text) {
    const upper = letter.toUpperCase();
    folded += isOneCodePoint(upper) ? upper : letter;
  }
  return folded;
}

const isOneCodePoint = (text: string) => text.length === (Number(text.codePointAt(0)) > 0xffff ? 2 : 1);

/** The column that `search` looks through. Joined by a line end, which is white space and so in no term. */
export const searchText = (name: string, slug: string): string => fold(`${name}\n${slug}`);

/**
 * What a search may ask for: more than people type, and so little that a scan for it delays no other reader. A term that is
 * repeated costs nothing, and counts once.
 */
export const searchLimits = { characters: 4_096, items: 16 };

/** The terms that must all occur: NULs dropped, commas count as spaces; folded, each once, in a fixed order. */
export function searchTerms(search: string): string[] {
  const words = splitWords(fold(search.replaceAll("\0", "").replaceAll(",", " ")));
  return [...new Set(words)].sort();
}
