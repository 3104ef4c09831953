/** White space as Python's `str.strip` and `str.split` take it: JavaScript's `\s` and U+001C–U+001F, U+0085, but not U+FEFF. */
const whiteSpace = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const isSpace = new RegExp(`[${whiteSpace}]`);
const spaces = new RegExp(`[${whiteSpace}]+`);

/** Python's `text.strip()`, or `text.strip("{}")` for other characters. In one pass: `/ +$/` is quadratic. */
export function strip(text: string, isStripped: RegExp = isSpace): string {
  let start = 0;
  let end = text.length;
  while (start < end && isStripped.test(text.charAt(start))) start++;
  while (end > start && isStripped.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Python's `text.split()`: the words between runs of white space. */
export function splitWords(text: string): string[] {
  return text.split(spaces).filter((word) => word !== "");
}
