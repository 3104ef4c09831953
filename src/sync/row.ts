import { fields, fieldsWith } from "../source/fields.ts";
import { isValidText } from "../source/source-type.ts";
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
  if (!isPlainObject(row)) return [{ field: "row", message: "is no object" }];
  return identity.flatMap(([field, message]): RowProblem[] =>
    fields[field].check.safeParse(row[field]).success ? [] : [{ field, message }],
  );
}

/** For each column the type that its value must have, whether null says the same as nothing, and whether nothing is odd. */
const columns = fieldsWith("column").map(([name, { column, default: fallback, isNewer }]) => {
  const isRequired = fallback === undefined && !isNewer;
  const type = column.type === "text" ? "string" : "boolean";
  return { name, type, isRequired, isNullable: column.isNullable && !isRequired };
});

/** The values that count as absent, since they are not what the API documents. */
export function oddities(row: Row): { key: string; what: Oddity }[] {
  const odd: { key: string; what: Oddity }[] = [];
  for (const { name: key, type, isRequired, isNullable } of columns) {
    const value = row[key];
    if (typeof value === "string" && !isValidText(value)) odd.push({ key, what: "not_text" });
    if (typeof value === type || (value === null && isNullable)) continue;
    if (value !== undefined) odd.push({ key, what: "wrong_type" });
    else if (isRequired) odd.push({ key, what: "missing" });
  }
  if (row.type !== undefined && !isPlainObject(row.type)) odd.push({ key: "type", what: "wrong_type" });
  return odd;
}

/** A text without NULs and halves of surrogate pairs: U+FFFD stands for each. */
export const asValidText = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");
