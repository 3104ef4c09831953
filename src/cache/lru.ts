export interface Bounds {
  /** Entries at most. */
  entries: number;
  /** Their sizes at most, added up. @default no bound */
  size?: number;
}

/** LRU map bounded by count and size; oversized values are not stored. */
export class Lru<V> {
  readonly #entries = new Map<string, { value: V; size: number }>();
  readonly #bounds: Required<Bounds>;
  #size = 0;

  constructor({ entries, size = Number.POSITIVE_INFINITY }: Bounds) {
    this.#bounds = { entries, size };
  }

  /** Without counting as a use. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key); // A Map keeps insertion order: its first key is the least recently used.
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, size = 0): void {
    this.delete(key);
    if (size > this.#bounds.size) return;
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.entries && this.#size <= this.#bounds.size) break;
      this.delete(oldest);
    }
  }

  /** Removes the least recently used entries for as long as they are over. */
  prune(isOver: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) {
      if (!isOver(value)) return;
      this.delete(key);
    }
  }

  delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}
