import { type SourceType, sourceTypeSchema } from "../source/source-type.ts";
import { excessOfTypes, tooDeepKey } from "./list-limits.ts";
import { createSanitizer } from "./sanitize.ts";
import { isPlainObject } from "./secrets.ts";
import { gatherWarnings, unavailable, type Warnings } from "./warning.ts";

/** What `source_types/` gives. */
export interface TypesRead {
  /** As JSON, in authentik's order; undefined where there is nothing to take: the store keeps those that it has. */
  types?: string[] | undefined;
  byName?: Map<string, SourceType> | undefined;
  warnings: Warnings;
}

const path = "source_types";

/** Nothing could be read, and why. */
export const typesUnavailable = (detail: string): TypesRead => ({ warnings: unavailable(path, detail) });

/** Reads a bare array. A type that cannot be taken is left out. */
export function readTypes(json: unknown): TypesRead {
  if (!Array.isArray(json)) return typesUnavailable("no list of types");
  const { warnings, warnOf } = gatherWarnings();
  const warn = warnOf(null);
  let name = "";
  const sanitize = createSanitizer((keys, ...what) => warn([path, name, ...keys], ...what));
  const byName = new Map<string, SourceType>();
  for (const value of json.filter(isPlainObject)) {
    name = String(value.name);
    // Nothing of a type that is nested too deep. zod's own output has another order of keys.
    const type = tooDeepKey(value) === undefined && (sanitize(value) as SourceType);
    const { error } = sourceTypeSchema.safeParse(type);
    if (type && !error && !byName.has(name)) byName.set(name, type);
    else warn([path, name, ...(error?.issues[0]?.path ?? ["name"]).map(String)], "invalid");
  }
  const types = Array.from(byName.values(), (type) => JSON.stringify(type));
  const excess = excessOfTypes(types.join());
  if (types.length > 0 && excess === undefined) return { types, byName, warnings };
  return typesUnavailable(excess ?? "no types that can be taken");
}
