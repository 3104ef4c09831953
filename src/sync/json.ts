/** Levels of arrays and objects that a reviver, which recurses, is let over. A list that is deeper is refused anyway. */
const deepest = 250;

/** Strings, brackets and numbers; what stands in a string is neither. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[[{]|[\]}]|-?[0-9][-+.0-9eE]*/g;

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
