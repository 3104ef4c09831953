import { isPlainObject, isPrivateMember, isSecretKey } from "./secrets.ts";
import { isUrlKey, unsafeScheme } from "./unsafe-url.ts";

/** Called with what is taken out of a value: the keys that lead to it, and why. */
export type OnFound = (path: readonly string[], what: "secret" | "unsafe_url", detail?: string) => void;

/** Below these keys of a source text may be empty, but not null. */
const withoutNull = new Set(["icon", "icon_themed_urls", "oidc_well_known_url", "oidc_jwks_url"]);

interface Place {
  path: string[];
  isUrl: boolean;
}

/** The kinds of a key, of which a list has few, though each of them often. */
function keyKinds() {
  const kinds = new Map<string, { isSecret: boolean; isUrl: boolean }>();
  return (key: string) => {
    const known = kinds.get(key);
    if (known) return known;
    const kind = { isSecret: isSecretKey(key), isUrl: isUrlKey(key) };
    if (kinds.size < 1_000) kinds.set(key, kind);
    return kind;
  };
}

/**
 * Makes a function that gives parsed JSON without secrets, at any depth, and without addresses that a browser would run: those
 * become null, or empty text where null may not be. The order of keys and the spelling of numbers stay; a value without a fault
 * is given back as it is.
 */
export function createSanitizer(found: OnFound): <T>(value: T) => T {
  const kindOf = keyKinds();

  function visit(value: unknown, { path, isUrl }: Place): unknown {
    if (typeof value === "string") return isUrl ? safeUrl(value, path) : value;
    if (Array.isArray(value)) return visitArray(value, { path, isUrl });
    return isPlainObject(value) ? visitObject(value, { path, isUrl }) : value;
  }

  function safeUrl(text: string, path: string[]): string | null {
    const scheme = unsafeScheme(text);
    if (scheme === undefined) return text;
    found(path, "unsafe_url", `${scheme}:`);
    return withoutNull.has(path[0] ?? "") ? "" : null;
  }

  function visitArray(items: unknown[], { path, isUrl }: Place): unknown[] {
    let copy: unknown[] | undefined;
    for (const [i, item] of items.entries()) {
      if (typeof item === "number") continue;
      path.push(String(i));
      const next = visit(item, { path, isUrl });
      path.pop();
      if (next === item) continue;
      copy ??= [...items];
      copy[i] = next;
    }
    return copy ?? items;
  }

  function visitObject(object: Record<string, unknown>, { path, isUrl }: Place): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(object)) {
      const kind = kindOf(key);
      path.push(key);
      if (kind.isSecret || isPrivateMember(object, key)) {
        found(path, "secret");
        copy ??= { ...object };
        delete copy[key];
      } else {
        const item = object[key];
        const next = visit(item, { path, isUrl: isUrl || kind.isUrl });
        if (next !== item) {
          copy ??= { ...object };
          // The copy has the key, so that even `__proto__` is one like any other here.
          copy[key] = next;
        }
      }
      path.pop();
    }
    return copy ?? object;
  }

  return <T>(value: T) => visit(value, { path: [], isUrl: false }) as T;
}
