/** Levels of arrays and objects in a field. SQLite reads JSON of a thousand. */
const deepestField = 200;
/** Of one source, as JSON text in UTF-8. */
const largestSource = 64 * 1024;
/**
 * Of as many sources as a page has at most: it then fits an isolate, and the 10 MB of a hosted libSQL server's answer, in
 * which quotes inside a text take twice their room.
 */
const largestPage = 8 * 1024 * 1024;
const sourcesPerPage = 1_000;

/** A name that can be shown as it is. */
const fieldPattern = /^[a-z]\w{0,49}$/i;

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Goes level by level, without recursion. */
function isDeeper(value: unknown, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === limit) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

/**
 * Which fields of a row are nested so deep that nothing recursive may touch them: JSON.parse reads any depth, but
 * JSON.stringify, like all that recurses, runs out of stack.
 */
export function depthProblems(row: unknown): string[] {
  if (!isContainer(row) || !isDeeper(row, deepestField + 1)) return [];
  const deep = Object.entries(row).filter(([, value]) => isDeeper(value, deepestField));
  return deep.map(([name]) => `${fieldPattern.test(name) ? name : "row"}: is nested more than ${deepestField} deep`);
}

const encoder = new TextEncoder();

export const bytesOf = (row: unknown): number => encoder.encode(JSON.stringify(row)).byteLength;

export const sizeProblem = (bytes: number): string | undefined =>
  bytes > largestSource ? `has ${bytes} bytes as JSON, more than ${largestSource}` : undefined;

/**
 * The largest sources may all stand on one page.
 * @param sizes in bytes, of every row
 */
export function pageProblem(sizes: number[], nameOf: (row: number) => string): string | undefined {
  const largest = [...sizes.entries()].sort(([, a], [, b]) => b - a).slice(0, sourcesPerPage);
  const bytes = largest.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= largestPage) return undefined;
  const first = largest.slice(0, 3).map(([row, size]) => `${nameOf(row)} has ${size}`);
  return `the ${largest.length} largest sources have ${bytes} bytes as JSON together, more than ${largestPage}: ${first.join(", ")}`;
}
