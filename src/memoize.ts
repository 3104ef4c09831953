/** The same function, which computes its value once for each object and keeps it for as long as the object lives. */
export function memoize<K extends object, T>(compute: (key: K) => T): (key: K) => T {
  const values = new WeakMap<K, { value: T }>();
  return (key) => {
    const known = values.get(key) ?? { value: compute(key) };
    values.set(key, known);
    return known.value;
  };
}
