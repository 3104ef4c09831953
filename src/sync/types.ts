import { type SourceType, sourceTypeSchema } from "../sources/source-type.ts";
import { excessOfTypes, tooDeepDetail, tooDeepKey } from "./list-limits.ts";
import { createSanitizer } from "./sanitize.ts";
import { isPlainObject } from "./secrets.ts";
import { gatherWarnings, shownPath, type Warning, type Warnings } from "./warning.ts";

/** What `source_types/` gives. */
export interface TypesRead {
  /** As JSON, in authentik's order; undefined where there is nothing to take: the store keeps those that it has. */
  types?: string[] | undefined;
  byName?: Map<string, SourceType> | undefined;
  warnings: Warnings;
}

/** authentik 2026.8 has 17. */
const mostTypes = 1_000;

const path = "source_types/";

/** Nothing could be read, and why. */
export const typesUnavailable = (detail: string): TypesRead => ({
  warnings: { count: 1, first: [{ source: null, key: path, what: "unavailable", detail }] },
});

/** Reads a bare array. A type that cannot be taken is left out. */
export function readTypes(json: unknown): TypesRead {
  if (!Array.isArray(json)) return typesUnavailable("is no list of types");
  if (json.length > mostTypes) return typesUnavailable(`has ${json.length} types, more than ${mostTypes}`);
  const { warnings, warn } = gatherWarnings();
  const warnOf = (type: unknown, keys: readonly string[], what: Warning["what"], detail?: string) => {
    const name = isPlainObject(type) ? String(type.name) : "?";
    warn({ source: null, key: path + shownPath([name, ...keys]), what, detail });
  };
  const byName = new Map<string, SourceType>();
  for (const value of json) {
    const sanitize = createSanitizer((keys, what, detail) => warnOf(value, keys, what, detail));
    const tooDeep = isPlainObject(value) ? tooDeepKey(value) : undefined;
    if (tooDeep !== undefined) {
      warnOf(value, [tooDeep], "too_deep", tooDeepDetail);
      continue;
    }
    // zod's own output has another order of keys.
    const type = sanitize(value) as SourceType;
    const { error } = sourceTypeSchema.safeParse(type);
    if (error) warnOf(value, (error.issues[0]?.path ?? []).map(String), "invalid");
    else if (byName.has(type.name)) warnOf(value, ["name"], "duplicate");
    else byName.set(type.name, type);
  }
  const types = Array.from(byName.values(), (type) => JSON.stringify(type));
  if (types.length === 0) return typesUnavailable("has no types that can be taken");
  const excess = excessOfTypes(types.join());
  return excess === undefined ? { types, byName, warnings } : typesUnavailable(`has ${excess}`);
}
