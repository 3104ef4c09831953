import { isPlainObject, isPrivateMember, isSecretKey } from "./secrets.ts";
import { isUrlKey, unsafeScheme } from "./unsafe-url.ts";

/** Called with what is taken out of a value: the keys that lead to it, and why. */
export type OnFound = (path: readonly string[], what: "secret" | "unsafe_url", detail?: string) => void;

/** Below these keys of a source text may be empty, but not null. */
const withoutNull = /^(icon|icon_themed_urls|oidc_well_known_url|oidc_jwks_url)$/;

/** Of keys whose kinds are remembered. */
const mostKinds = 1_000;

const keyKind = (key: string) => (isSecretKey(key) ? "secret" : isUrlKey(key) ? "url" : "other");

/**
 * Makes a function that gives parsed JSON without secrets, at any depth, and without addresses that a browser would run: those
 * become null, or empty text where null may not be. The order of keys and the spelling of numbers stay; a value without a fault
 * is given back as it is.
 */
export function createSanitizer(found: OnFound): <T>(value: T) => T {
  // A list has few keys, but each of them often.
  const kinds = new Map<string, ReturnType<typeof keyKind>>();
  const path: string[] = [];

  function safeUrl(text: string): string | null {
    const scheme = unsafeScheme(text);
    if (scheme === undefined) return text;
    found(path, "unsafe_url", `${scheme}:`);
    return withoutNull.test(path[0] ?? "") ? "" : null;
  }

  function visit(value: unknown, isUrl: boolean): unknown {
    if (typeof value === "string") return isUrl ? safeUrl(value) : value;
    if (!Array.isArray(value) && !isPlainObject(value)) return value;
    const items = value as Record<string, unknown>;
    let copy: typeof items | undefined;
    for (const key of Object.keys(items)) {
      const kind = kinds.get(key) ?? keyKind(key);
      if (kinds.size < mostKinds) kinds.set(key, kind);
      const isSecret = kind === "secret" || isPrivateMember(items, key);
      path.push(key);
      const next = isSecret ? undefined : visit(items[key], isUrl || kind === "url");
      if (isSecret) found(path, "secret");
      path.pop();
      if (next === items[key]) continue;
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as typeof items;
      // The copy has the key, so that even `__proto__` is one like any other here.
      if (isSecret) delete copy[key];
      else copy[key] = next;
    }
    return copy ?? value;
  }

  return <T>(value: T) => visit(value, false) as T;
}
