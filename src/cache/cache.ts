import type { Freshness } from "./freshness.ts";

/** How a cache came by a value. */
export type CacheStatus =
  /** Loaded, and no cache was asked. */
  | "bypass"
  /** Loaded, since the cache had nothing. */
  | "miss"
  /** Loaded, since what the cache had was stale. */
  | "expired"
  /** Confirmed: what the cache had is still right. */
  | "revalidated"
  /** Out of the cache, and fresh; in `memory` where that was the isolate's. */
  | "fresh"
  | "memory"
  /** Out of the cache, and stale: while a newer one is loaded, while none can be loaded, or since it just could not. */
  | "stale-while-revalidate"
  | "stale-if-error"
  | "stale-after-error";

/** A value with what caches go by. It is plain data: a Response belongs to the request that made it and cannot be shared. */
export interface Cached<T> {
  value: T;
  /** When loading began, before the store was read; milliseconds since 1970. */
  generatedAt: number;
  /** How long it may be served. Undefined where it may not be kept. */
  freshness: Freshness | undefined;
  status: CacheStatus;
  /** Whether another request's load was shared. */
  collapsed?: boolean;
}

/** Keeps work alive after the client has been answered. */
export type WaitUntil = (work: Promise<unknown>) => void;

export interface Cache<T> {
  /**
   * The value of a key, loaded where that is needed.
   * @param key a URL or digest that stands for the value alone: no host, token or header of a client is in it
   * @param load reads the value; rejects where it cannot be had
   */
  get(key: string, load: () => Promise<Cached<T>>, waitUntil: WaitUntil): Promise<Cached<T>>;
  /** The value of a key where it is at hand, without a promise. Only a cache in memory has any. */
  peek?(key: string): Cached<T> | undefined;
}

/** Where a cache keeps its entries. It may forget any of them at any time. */
export interface Storage<T> {
  match(key: string): Promise<Cached<T> | undefined>;
  /** @param entry one with a freshness */
  put(key: string, entry: Cached<T>): Promise<void>;
}

/** Keeps nothing. */
export function noCache<T>(): Cache<T> {
  return { get: async (_key, load) => ({ ...(await load()), freshness: undefined }) };
}
