import * as z from "zod/mini";
import { fieldEntries } from "../sources/fields.ts";
import { type SourceType, sourceTypeSchema } from "../sources/source-type.ts";
import { type CheckedRow, type Document, documentOf } from "./document.ts";
import { largestBeside, largestTypes, sizeProblems, tooDeepFields, tooDeepMessage } from "./list-limits.ts";
import { InvalidList, mostProblems, type Problem } from "./problem.ts";
import { isPlainObject, withoutSecrets } from "./secrets.ts";
import { unsafeUrls } from "./unsafe-urls.ts";

/** A whole list, in the form in which the store holds it. */
export interface SourceList {
  documents: Document[];
  /** What stands beside `pagination` and `results`, as JSON. */
  beside: string;
  /** What `source_types/` gives, where that is known: a JSON object each. */
  types?: string[] | undefined;
}

/** A row must have what the contract gives no default for; its other keys are checked where it has them. */
const rowSchema = z.looseObject(
  Object.fromEntries(
    fieldEntries.map(([name, { check, default: fallback, isNewer }]) => [
      name,
      fallback === undefined && !isNewer ? check : z.optional(check),
    ]),
  ),
);

/** Without zod's own numbers, which weigh more than all that is checked by them. */
export const integerFrom = (minimum: number) =>
  z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= minimum);

const envelopeSchema = z.looseObject({
  pagination: z.optional(z.looseObject({ count: integerFrom(0) })),
  results: z.array(z.unknown()),
});

/**
 * Reads a list in the API's own format: a response with `results`, or a bare array. Documents are made from the parsed value
 * and never from zod's output, which reorders keys.
 * @param types the known source types by name, for rows that bring none. @default none
 * @throws InvalidList with the first ten problems
 */
export function readList(json: unknown, types: ReadonlyMap<string, SourceType> = new Map()): SourceList {
  const { rows, beside } = openEnvelope(json);
  const problems: Problem[] = [];
  const documents: Document[] = [];
  const isTaken = duplicateFinder();
  for (const [row, value] of rows.entries()) {
    if (problems.length >= mostProblems) break;
    const found = [...rowProblems(value), ...isTaken(value)];
    const slug = isPlainObject(value) ? value.slug : undefined;
    problems.push(...found.map((problem) => ({ row, slug, ...problem })));
    if (found.length === 0) documents.push(documentOf(value as CheckedRow, types));
  }
  if (problems.length === 0) problems.push(...sizeProblems(documents));
  if (problems.length > 0) throw new InvalidList(problems.slice(0, mostProblems));
  return { documents, beside };
}

/** What is wrong with a row by itself. */
function rowProblems(row: unknown): Omit<Problem, "row" | "slug">[] {
  if (!isPlainObject(row)) return [{ field: "row", code: "invalid", message: "is no object" }];
  const tooDeep = tooDeepFields(row);
  if (tooDeep.length > 0)
    return tooDeep.map((field) => ({ field: shownName(field), code: "too_deep", message: tooDeepMessage }));
  const { error } = rowSchema.safeParse(row);
  if (error) {
    return error.issues.map(({ path, message }) => ({ field: path.join(".") || "row", code: "invalid", message }));
  }
  return unsafeUrls(row).map((problem) => ({ ...problem, code: "unsafe_url" }));
}

/** A name that can be shown as it is. */
const shownName = (name: string) => (/^[a-z]\w{0,49}$/i.test(name) ? name : "row");

/** Finds what must be unique and stands in an earlier row too. */
function duplicateFinder() {
  const seen = { pk: new Set<unknown>(), slug: new Set<unknown>(), managed: new Set<unknown>() };
  return (row: unknown): Omit<Problem, "row" | "slug">[] => {
    if (!isPlainObject(row)) return [];
    return (["pk", "slug", "managed"] as const).flatMap((field) => {
      const value = row[field];
      if (typeof value !== "string") return [];
      const isDuplicate = seen[field].has(value);
      seen[field].add(value);
      return isDuplicate ? [{ field, code: "duplicate" as const, message: "stands in another row too" }] : [];
    });
  };
}

/** A page that is not the whole list would remove all the other sources. */
function openEnvelope(json: unknown): { rows: unknown[]; beside: string } {
  if (Array.isArray(json)) return { rows: json, beside: "{}" };
  const { success, data } = envelopeSchema.safeParse(json);
  if (!success || !isPlainObject(json)) {
    const message = "neither a list of sources nor an answer of the API, which has `results`";
    throw new InvalidList([{ code: "no_list", message }]);
  }
  const { pagination, results } = data;
  if (pagination && pagination.count !== results.length) {
    const message = `holds ${results.length} of ${pagination.count} sources: ask for all of them, with page_size=1000`;
    throw new InvalidList([{ code: "not_whole", message }]);
  }
  return { rows: results, beside: besideOf(json) };
}

/**
 * What stands beside `pagination` and `results`, as JSON without secrets.
 * @throws InvalidList where that is more than 64 KiB, or nested too deep
 */
export function besideOf({ pagination: _, results: __, ...others }: Record<string, unknown>): string {
  const [tooDeep] = tooDeepFields(others);
  if (tooDeep) throw new InvalidList([{ field: shownName(tooDeep), code: "too_deep", message: tooDeepMessage }]);
  const beside = JSON.stringify(withoutSecrets(others));
  checkLength("what stands beside the results", beside, largestBeside);
  return beside;
}

function checkLength(what: string, { length }: string, most: number): void {
  const message = `${what} has ${length} characters, more than ${most}`;
  if (length > most) throw new InvalidList([{ code: "too_large", message }]);
}

/**
 * Reads what `source_types/` gives: a bare array.
 * @throws InvalidList
 */
export function readTypes(json: unknown): { types: string[]; byName: Map<string, SourceType> } {
  const { data, error } = z.array(sourceTypeSchema).check(z.maxLength(mostTypes)).safeParse(json);
  if (error) {
    const problems = error.issues.slice(0, mostProblems).map(
      ({ path, message }): Problem => ({
        field: path.join("."),
        code: "invalid",
        message,
      }),
    );
    throw new InvalidList(problems);
  }
  const problems = data.flatMap((type): Problem[] => [
    ...tooDeepFields(type).map(
      (field): Problem => ({ field: shownName(field), code: "too_deep", message: tooDeepMessage }),
    ),
    ...unsafeUrls({ type }).map((problem): Problem => ({ ...problem, code: "unsafe_url" })),
  ]);
  const byName = new Map(data.map((type) => [type.name, type]));
  if (byName.size < data.length) problems.push({ field: "name", code: "invalid", message: "two types have one name" });
  if (problems.length > 0) throw new InvalidList(problems.slice(0, mostProblems));
  const types = (withoutSecrets(json) as object[]).map((type) => JSON.stringify(type));
  checkLength("the list of source types", types.join(), largestTypes);
  return { types, byName };
}

/** authentik 2026.8 has 17. */
const mostTypes = 1_000;
