import * as z from "zod/mini";
import { integerFrom } from "../base/number-schema.ts";
import type { SourceType } from "../source/source-type.ts";
import { type Document, documentOf } from "./document.ts";
import { checkLargestPage, excessOfBeside, excessOfSource, tooDeepKey } from "./list-limits.ts";
import { InvalidList, mostProblems, type Problem } from "./problem.ts";
import { asValidText, identityProblems, oddities, type Row } from "./row.ts";
import { createSanitizer } from "./sanitize.ts";
import { isPlainObject } from "./secrets.ts";
import { gatherWarnings, type Warn, type Warnings } from "./warning.ts";

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

const envelopeSchema = z.looseObject({
  pagination: z.optional(z.looseObject({ count: integerFrom(0) })),
  results: z.array(z.unknown()),
});

/**
 * Reads a list in the API's own format: a response with `results`, or a bare array. A fault of a value costs that value, and is
 * a warning of the list.
 * @param types the known source types by name, for rows that bring none. @default none
 * @throws InvalidList with the first ten problems
 */
export function readList(json: unknown, types: ReadonlyMap<string, SourceType> = new Map()): SourceList {
  const { rows, others } = openEnvelope(json);
  const sources = checkIdentities(rows);
  const { warnings, warnOf } = gatherWarnings();
  let warn = warnOf(null);
  const sanitize = createSanitizer((...found) => warn(...found));
  const beside = readBeside(others, warn, sanitize);
  const documents: Document[] = [];
  const held: string[] = [];
  for (const [i, row] of sources.entries()) {
    warn = warnOf(row.slug, i);
    const document = readRow(row, types, warn, sanitize);
    if (document) documents.push(document);
    else held.push(row.pk);
  }
  checkLargestPage(documents);
  return { documents, held, beside, warnings };
}

/** @throws InvalidList where a row is no source, or two are the same one */
function checkIdentities(rows: unknown[]): Row[] {
  const problems: Problem[] = [];
  const seen = { pk: new Set<unknown>(), slug: new Set<unknown>() };
  for (const [row, value] of rows.entries()) {
    if (problems.length >= mostProblems) break;
    const found = identityProblems(value);
    const source = isPlainObject(value) ? value : {};
    for (const field of ["pk", "slug"] as const) {
      const isDuplicate = source[field] !== undefined && seen[field].has(source[field]);
      if (isDuplicate) found.push({ field, isDuplicate: true, message: "stands in another row too" });
      seen[field].add(source[field]);
    }
    problems.push(...found.map((problem) => ({ row, slug: source.slug, ...problem })));
  }
  if (problems.length > 0) throw new InvalidList(problems.slice(0, mostProblems));
  return rows as Row[];
}

/** The document of a row; undefined where it is too large or nested too deep. */
function readRow(
  row: Row,
  types: ReadonlyMap<string, SourceType>,
  warn: Warn,
  sanitize: <T>(value: T) => T,
): Document | undefined {
  const tooDeep = tooDeepKey(row);
  if (tooDeep !== undefined) return warn([tooDeep], "too_deep");
  let sent = sanitize(row);
  for (const { key, what } of oddities(sent)) {
    if (what === "not_text") sent = { ...sent, [key]: asValidText(String(sent[key])) };
    warn([key], what);
  }
  const document = documentOf(sent, types);
  const excess = excessOfSource(document.document);
  return excess === undefined ? document : warn([largestKey(sent)], "too_large", `the source has ${excess}`);
}

function largestKey(row: Row): string {
  const sizeOf = (key: string) => JSON.stringify(row[key])?.length ?? 0;
  return Object.keys(row).reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
}

/** A page that is not the whole list would remove all the other sources. */
function openEnvelope(json: unknown): { rows: unknown[]; others: Record<string, unknown> } {
  if (Array.isArray(json)) return { rows: json, others: {} };
  const { success, data } = envelopeSchema.safeParse(json);
  if (!success || !isPlainObject(json)) {
    const message = "neither a list of sources nor an answer of the API, which has `results`";
    throw new InvalidList([{ message }]);
  }
  const { pagination, results } = data;
  if (pagination && pagination.count !== results.length) {
    const message = `holds ${results.length} of ${pagination.count} sources: ask for all of them, with page_size=1000`;
    throw new InvalidList([{ message }]);
  }
  const { pagination: _, results: __, ...others } = json;
  return { rows: results, others };
}

/** What stands beside `pagination` and `results`, as JSON; undefined where it is too large or nested too deep. */
function readBeside(others: Record<string, unknown>, warn: Warn, sanitize: <T>(value: T) => T): string | undefined {
  const tooDeep = tooDeepKey(others);
  if (tooDeep !== undefined) return warn([tooDeep], "too_deep");
  const beside = JSON.stringify(sanitize(others));
  const excess = excessOfBeside(beside);
  return excess === undefined ? beside : warn(["beside", "results"], "too_large", excess);
}
