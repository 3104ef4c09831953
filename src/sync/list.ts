import * as z from "zod/mini";
import type { SourceType } from "../sources/source-type.ts";
import { type Document, documentOf } from "./document.ts";
import { checkLargestPage, excessOfBeside, excessOfSource, tooDeepDetail, tooDeepKey } from "./list-limits.ts";
import { InvalidList, mostProblems, type Problem } from "./problem.ts";
import { asValidText, columnOddities, duplicateFinder, identityProblems, type Row } from "./row.ts";
import { createSanitizer } from "./sanitize.ts";
import { isPlainObject } from "./secrets.ts";
import { gatherWarnings, shownName, shownPath, type Warning, type Warnings } from "./warning.ts";

/** A whole list, in the form in which the store holds it. */
export interface SourceList {
  documents: Document[];
  /** The `pk` of each source that cannot be taken: the store keeps what it has of it. */
  held: string[];
  /** What stands beside `pagination` and `results`, as JSON; undefined where it cannot be taken. */
  beside: string | undefined;
  /** What `source_types/` gives, where that is known: a JSON object each. */
  types?: string[] | undefined;
  /** What is odd about its values. */
  warnings: Warnings;
}

/** Without zod's own numbers, which weigh more than all that is checked by them. */
export const integerFrom = (minimum: number) =>
  z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= minimum);

const envelopeSchema = z.looseObject({
  pagination: z.optional(z.looseObject({ count: integerFrom(0) })),
  results: z.array(z.unknown()),
});

type Warn = (warning: Warning) => void;

/**
 * Reads a list in the API's own format: a response with `results`, or a bare array. A fault of a value costs that value, and is
 * a warning of the list.
 * @param types the known source types by name, for rows that bring none. @default none
 * @throws InvalidList with the first ten problems
 */
export function readList(json: unknown, types: ReadonlyMap<string, SourceType> = new Map()): SourceList {
  const { rows, others } = openEnvelope(json);
  const { warnings, warn } = gatherWarnings();
  const sources = checkIdentities(rows);
  const takeRow = rowTaker(types, warn);
  const documents: Document[] = [];
  const held: string[] = [];
  for (const [i, row] of sources.entries()) {
    const document = takeRow(row, i);
    if (document) documents.push(document);
    else held.push(row.pk);
  }
  checkLargestPage(documents);
  return { documents, held, beside: readBeside(others, warn), warnings };
}

/** @throws InvalidList where a row is no source, or two are the same one */
function checkIdentities(rows: unknown[]): Row[] {
  const problems: Problem[] = [];
  const duplicatesIn = duplicateFinder("pk", "slug");
  for (const [row, value] of rows.entries()) {
    if (problems.length >= mostProblems) break;
    const found = identityProblems(value);
    const source = isPlainObject(value) ? value : {};
    for (const field of duplicatesIn(source)) {
      found.push({ field, code: "duplicate", message: "stands in another row too" });
    }
    problems.push(...found.map((problem) => ({ row, slug: source.slug, ...problem })));
  }
  if (problems.length > 0) throw new InvalidList(problems.slice(0, mostProblems));
  return rows as Row[];
}

/** Makes a function that gives a row's document, or nothing where it cannot be taken; it warns of what is odd. */
function rowTaker(types: ReadonlyMap<string, SourceType>, warn: Warn) {
  let where: Pick<Warning, "row" | "source">;
  const sanitize = createSanitizer((path, what, detail) => {
    warn({ ...where, key: shownPath(path), what, detail });
  });
  const duplicatesIn = duplicateFinder("managed");

  return (row: Row, place: number): Document | undefined => {
    where = { row: place, source: row.slug };
    const tooDeep = tooDeepKey(row);
    if (tooDeep !== undefined) {
      warn({ ...where, key: shownName(tooDeep), what: "too_deep", detail: tooDeepDetail });
      return undefined;
    }
    let sent = sanitize(row);
    for (const { key, what } of columnOddities(sent)) {
      if (what === "not_text") sent = { ...sent, [key]: asValidText(String(sent[key])) };
      warn({ ...where, key, what });
    }
    for (const key of duplicatesIn(sent)) warn({ ...where, key, what: "duplicate" });
    if (Object.hasOwn(sent, "type") && !isPlainObject(sent.type)) warn({ ...where, key: "type", what: "wrong_type" });
    const document = documentOf(sent, types);
    const excess = excessOfSource(document.document);
    if (excess === undefined) return document;
    warn({ ...where, key: shownName(largestKey(sent)), what: "too_large", detail: `the source has ${excess}` });
    return undefined;
  };
}

function largestKey(row: Row): string {
  const sizes = Object.entries(row).map(([key, value]) => [key, JSON.stringify(value).length] as const);
  return sizes.reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** A page that is not the whole list would remove all the other sources. */
function openEnvelope(json: unknown): { rows: unknown[]; others: Record<string, unknown> } {
  if (Array.isArray(json)) return { rows: json, others: {} };
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
  const { pagination: _, results: __, ...others } = json;
  return { rows: results, others };
}

/** What stands beside `pagination` and `results`, as JSON; undefined where it is too large or nested too deep. */
function readBeside(others: Record<string, unknown>, warn: Warn): string | undefined {
  const tooDeep = tooDeepKey(others);
  if (tooDeep !== undefined) {
    warn({ source: null, key: shownName(tooDeep), what: "too_deep", detail: tooDeepDetail });
    return undefined;
  }
  const sanitize = createSanitizer((path, what) => warn({ source: null, key: shownPath(path), what }));
  const beside = JSON.stringify(sanitize(others));
  const excess = excessOfBeside(beside);
  if (excess === undefined) return beside;
  warn({ source: null, key: "beside results", what: "too_large", detail: excess });
  return undefined;
}
