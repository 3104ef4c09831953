import { byteLength } from "../base/byte-length.ts";
import { InvalidList } from "./problem.ts";

/** Levels of arrays and objects in a field: what recurses over it must not run out of stack. */
const deepestField = 200;
/** Of one source, as JSON text in UTF-8. */
const largestSource = 64 * 1024;
/**
 * Of as many sources as a page has at most: a page then fits an isolate, and the 10 MB of a hosted libSQL server's answer
 * unless it is mostly quotes, which take twice their room there.
 */
const largestPage = 8 * 1024 * 1024;
const sourcesPerPage = 1_000;
/** Of what stands beside the results. */
const largestBeside = 64 * 1024;
/** Of all source types together: authentik 2026.8 has 17. They go into the store as one bound value, which D1 takes up to 2 MB. */
const largestTypes = 128 * 1024;

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

/** The first key of an object whose value is nested so deep that nothing recursive may touch it. */
export const tooDeepKey = (object: Record<string, unknown>): string | undefined =>
  Object.keys(object).find((name) => isDeeper(object[name], deepestField));

/** How much too large a text is, as a sentence has it; undefined where it is not. */
const excess = (most: number) => (text: string) => {
  // No character has more than three bytes for each of its UTF-16 units.
  if (text.length * 3 <= most) return undefined;
  const bytes = byteLength(text);
  return bytes > most ? `${bytes} bytes as JSON, more than ${most}` : undefined;
};

export const excessOfSource = excess(largestSource);
export const excessOfBeside = excess(largestBeside);
export const excessOfTypes = excess(largestTypes);

/**
 * Refuses sources that are too large together, since the largest may all stand on one page.
 * @throws InvalidList
 */
export function checkLargestPage(sources: readonly { slug: string; document: string }[]): void {
  const sizes = sources.map(({ slug, document }) => ({ slug, bytes: byteLength(document) }));
  const largest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, sourcesPerPage);
  const total = largest.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= largestPage) return;
  const first = largest.slice(0, 3).map(({ slug, bytes }) => `${slug} has ${bytes}`);
  const message = `the ${largest.length} largest sources have ${total} bytes as JSON together, more than ${largestPage}: ${first.join(", ")}`;
  throw new InvalidList([{ message }]);
}
