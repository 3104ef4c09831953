import { fields, fieldsWith } from "../sources/fields.ts";
import { isValidText } from "../sources/source-type.ts";
import type { Problem } from "./problem.ts";
import { isPlainObject } from "./secrets.ts";
import type { Oddity } from "./warning.ts";

/** A row of a list that is a source: what it holds besides is as it was sent. */
export type Row = Record<string, unknown> & { pk: string; name: string; slug: string };

type RowProblem = Omit<Problem, "row" | "slug">;

/** What a source is known by, with the rule that is told where it cannot be that. */
const identity = [
  ["pk", "is not a UUID in lower case"],
  ["name", "is not valid text"],
  ["slug", "may hold letters, digits, - and _ only, from 1 to 255 of them"],
] as const;

/** Why a row is no source; nothing where it is one. */
export function identityProblems(row: unknown): RowProblem[] {
  if (!isPlainObject(row)) return [{ field: "row", code: "invalid", message: "is no object" }];
  return identity.flatMap(([field, message]): RowProblem[] =>
    fields[field].check.safeParse(row[field]).success ? [] : [{ field, code: "invalid", message }],
  );
}

/** Finds what no two sources may share, and stands in an earlier row too. */
export function duplicateFinder<Name extends string>(...names: Name[]) {
  const seen = new Map(names.map((name) => [name, new Set<unknown>()]));
  return (row: Record<string, unknown>): Name[] =>
    names.filter((name) => {
      const value = row[name];
      const values = seen.get(name);
      if (typeof value !== "string" || !values) return false;
      const isDuplicate = values.has(value);
      values.add(value);
      return isDuplicate;
    });
}

const columns = fieldsWith("column").map(([name, { column, default: fallback, isNewer }]) => {
  const isRequired = fallback === undefined && !isNewer;
  return {
    name,
    type: column.type === "text" ? "string" : column.type,
    isRequired,
    mayBeNull: column.isNullable === true && !isRequired,
  };
});

/** The values of a row that its columns cannot take as they are: they count there as absent. */
export function columnOddities(row: Row): { key: string; what: Oddity }[] {
  const oddities: { key: string; what: Oddity }[] = [];
  for (const { name, type, isRequired, mayBeNull } of columns) {
    const value = row[name];
    if (typeof value === type) {
      if (type === "string" && !isValidText(value as string)) oddities.push({ key: name, what: "not_text" });
    } else if (!Object.hasOwn(row, name)) {
      if (isRequired) oddities.push({ key: name, what: "missing" });
    } else if (value !== null || !mayBeNull) {
      oddities.push({ key: name, what: "wrong_type" });
    }
  }
  return oddities;
}

/** A text without NULs and halves of surrogate pairs: U+FFFD stands for each. */
export const asValidText = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");
