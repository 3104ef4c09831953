/** What a key speaks of whose value is never stored or served; letters alone count, in any case. */
const secret = /secret|password|passwd|passphrase|privatekey|assertion/;

export const isSecretKey = (key: string): boolean => secret.test(key.replace(/[^a-z]/gi, "").toLowerCase());

/** A copy of a parsed value without such keys, at any depth; the order of keys and the spelling of numbers stay. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isPlainObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (isSecretKey(key)) continue;
    // Not an assignment: a key such as `__proto__` is one like any other.
    Object.defineProperty(kept, key, {
      value: withoutSecrets(value[key]),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return kept;
}

/** Neither null nor an array, nor one of `JSON.rawJSON`, which has no prototype. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
