import { type ColumnName, fieldsWith } from "./fields.ts";
import { strip } from "./white-space.ts";

/** The fields that `ordering` takes. */
export type OrderField = ColumnName | "pk";

export const orderFields: readonly OrderField[] = ["pk", ...fieldsWith("column").map(([name]) => name)];

const nullableFields = new Set<OrderField>(
  fieldsWith("column").flatMap(([name, { column }]) => (column.isNullable && !column.fallback ? [name] : [])),
);

export interface OrderTerm {
  field: OrderField;
  descending: boolean;
}

export const defaultOrdering: OrderTerm[] = [{ field: "name", descending: false }];

/** No two sources are equal in these, so whatever follows one of them changes nothing. */
const uniqueFields: readonly OrderField[] = ["pk", "slug"];

/** Comes last in every ordering, ascending. */
const tieBreak: OrderField = "pk";

const isOrderField = (name: string): name is OrderField => orderFields.some((field) => field === name);

/**
 * Reads a comma list, `-` for descending. Never fails: unknown terms are dropped, nothing left means `name` (docs/contract.md,
 * "Ordering").
 */
export function readOrdering(text: string): OrderTerm[] {
  const terms = new Map<OrderField, OrderTerm>();
  for (const term of text.split(",").map((part) => strip(part))) {
    const descending = term.startsWith("-");
    const field = descending ? term.slice(1) : term;
    if (!isOrderField(field) || terms.has(field)) continue;
    if (field === tieBreak && !descending && terms.size > 0) break;
    terms.set(field, { field, descending });
    if (uniqueFields.includes(field)) break;
  }
  return terms.size === 0 ? defaultOrdering : [...terms.values()];
}

/** The inverse of `readOrdering`. */
export const writeOrdering = (terms: readonly OrderTerm[]): string =>
  terms.map(({ field, descending }) => `${descending ? "-" : ""}${field}`).join(",");

/**
 * `ORDER BY` in SQL. PostgreSQL's order of nulls is the reverse of SQLite's: last ascending, first descending. It is said only
 * where there can be nulls, to keep indexes in use.
 */
export function orderBy(terms: readonly OrderTerm[]): string {
  const columns = terms.map(({ field, descending }) => {
    const nulls = nullableFields.has(field) ? (descending ? " nulls first" : " nulls last") : "";
    return `${field}${descending ? " desc" : ""}${nulls}`;
  });
  return [...columns, tieBreak].join(", ");
}
