/** Levels of arrays and objects that a reviver, which recurses, is let over. A source that is deeper is not taken anyway. */
const deepest = 250;

/** Strings, brackets and numbers; what stands in a string is neither. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[[{]|[\]}]|-?[0-9][-+.0-9eE]*/g;

/**
 * How many values JSON has, and a few more, found without parsing it: a value takes many times the memory of its two bytes of
 * text. Text that is no JSON gives some number.
 */
export function countValues(text: string): number {
  let count = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === quote) isString = !isString;
    else if (!isString && (code === comma || code === bracket || code === brace)) count++;
  }
  return count;
}

const [quote, comma, bracket, backslash, brace] = [0x22, 0x2c, 0x5b, 0x5c, 0x7b];

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
  // Parse first: on an unterminated string the search for numbers below is quadratic.
  const parsed: unknown = JSON.parse(text);
  const { hasOddNumbers, shallow } = survey(text);
  return hasOddNumbers ? parseNumbersAsWritten(shallow) : parsed;
}

/** Whether some number would not be written as it stands there, and the text with a 0 for each value that is too deep. */
function survey(text: string): { hasOddNumbers: boolean; shallow: string } {
  let depth = 0;
  let hasOddNumbers = false;
  const parts: string[] = [];
  let from = 0;
  for (const { 0: match, index } of text.matchAll(token)) {
    const first = match.charAt(0);
    if (first === '"') continue;
    if (first === "[" || first === "{") {
      if (depth++ === deepest) parts.push(text.slice(from, index));
    } else if (first === "]" || first === "}") {
      if (--depth === deepest) from = index + 1;
    } else hasOddNumbers ||= String(Number(match)) !== match;
  }
  return { hasOddNumbers, shallow: [...parts, text.slice(from)].join("0") };
}

/** The reviver makes parsing six times as slow: only for text that needs it. */
function parseNumbersAsWritten(text: string): unknown {
  const json = JSON as unknown as JsonWithSource;
  return json.parse(text, (_key, value, { source }) =>
    typeof value === "number" && String(value) !== source ? json.rawJSON(source) : value,
  );
}
