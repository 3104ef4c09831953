import { nameRow, type Problem } from "./problem.ts";

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
export const largestBeside = 64 * 1024;
/** Of all source types together: authentik 2026.8 has 17. They go into the store as one bound value, which D1 takes up to 2 MB. */
export const largestTypes = 128 * 1024;

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

/** The fields of a row that are nested so deep that nothing recursive may touch them. */
export const tooDeepFields = (row: Record<string, unknown>): string[] =>
  Object.keys(row).filter((name) => isDeeper(row[name], deepestField));

export const tooDeepMessage = `is nested more than ${deepestField} deep`;

const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).byteLength;

/** A source that is too large, and the largest ones that are too large together, since they may all stand on one page. */
export function sizeProblems(sources: readonly { slug: string; document: string }[]): Problem[] {
  const sizes = sources.map(({ slug, document }, row) => ({ row, slug, bytes: bytesOf(document) }));
  const tooLarge = sizes.filter(({ bytes }) => bytes > largestSource);
  if (tooLarge.length > 0) {
    return tooLarge.map(({ row, slug, bytes }) => ({
      row,
      slug,
      code: "too_large",
      message: `has ${bytes} bytes as JSON, more than ${largestSource}`,
    }));
  }
  const largest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, sourcesPerPage);
  const total = largest.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= largestPage) return [];
  const first = largest.slice(0, 3).map(({ row, slug, bytes }) => `${nameRow(row, slug)} has ${bytes}`);
  const message = `the ${largest.length} largest sources have ${total} bytes as JSON together, more than ${largestPage}: ${first.join(", ")}`;
  return [{ code: "too_large", message }];
}
