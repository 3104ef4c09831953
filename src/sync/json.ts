/** Levels of arrays and objects that a reviver, which recurses, is let over. A list that is deeper is refused anyway. */
const deepest = 250;

/** Strings, brackets and numbers; what stands in a string is neither. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[[{]|[\]}]|-?[0-9][-+.0-9eE]*/g;

/**
 * How many values JSON has, and a few more, found without parsing it: a value takes many times the memory of its two bytes of
 * text. Text that is no JSON gives some number.
 */
export function countValues(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === comma || code === bracket || code === brace) count++;
  }
  return count;
}

const [quote, comma, bracket, brace, backslash] = [0x22, 0x2c, 0x5b, 0x7b, 0x5c];

/** The place of the quote that ends the string that begins there. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === backslash) first--;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

/** ES2025: what the types of this TypeScript's library do not have yet. */
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown;
  rawJSON(text: string): object;
}

/**
 * Parses JSON so that JSON.stringify gives its numbers as they were written: `12345678901234567890`, `1e400`, `1.0`.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  // First, and whatever comes of it: over a string without an end, the search for numbers would take quadratic time.
  const parsed: unknown = JSON.parse(text);
  return needsReviver(text) ? parseNumbersAsWritten(text) : parsed;
}

/** Whether some number would not be written as it stands there. */
function needsReviver(text: string): boolean {
  let depth = 0;
  let hasOddNumbers = false;
  for (const [match] of text.matchAll(token)) {
    const first = match.charAt(0);
    if (first === '"') continue;
    if (first === "[" || first === "{") depth++;
    else if (first === "]" || first === "}") depth--;
    else hasOddNumbers ||= String(Number(match)) !== match;
    if (depth > deepest) return false;
  }
  return hasOddNumbers;
}

/** The reviver makes parsing six times as slow: only for text that needs it. */
function parseNumbersAsWritten(text: string): unknown {
  const json = JSON as unknown as JsonWithSource;
  return json.parse(text, (_key, value, { source }) =>
    typeof value === "number" && String(value) !== source ? json.rawJSON(source) : value,
  );
}
