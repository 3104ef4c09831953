import { describe, expect, it, vi } from "vitest";
import type { Cache, Cached } from "../../src/cache/cache.ts";
import { Lru } from "../../src/cache/lru.ts";
import { memoryCache, memoryStorage } from "../../src/cache/memory.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { swrCache } from "../../src/cache/swr.ts";

const waitUntil = () => {};
const freshness = { fresh: 55, staleWhileRevalidate: 0, staleIfError: 3_600 };
const cached = ({ body = "null", ...changes }: Partial<Cached<StoredResponse>> & { body?: string }) => ({
  value: { status: 200, headers: {}, body },
  generatedAt: 0,
  freshness,
  status: "bypass" as const,
  ...changes,
});

describe("a cache in front of another cache that serves stale", () => {
  it("takes an overdue response for a failed load, and waits for no second load", async () => {
    let now = 100_000;
    const load = vi.fn(async () => cached({ generatedAt: 0 }));
    const cache = swrCache<StoredResponse>({ storage: memoryStorage({ entries: 10 }), now: () => now });
    const sources: string[] = [];
    for (let i = 0; i < 20; i++) {
      sources.push((await cache.get("key", load, waitUntil)).status);
      now += 100;
    }
    expect(load).toHaveBeenCalledTimes(1);
    expect(sources.at(-1)).toBe("stale-if-error");
  });

  it("loads each time where responses are never fresh", async () => {
    const load = vi.fn(async () => cached({ generatedAt: 1_000, freshness: { ...freshness, fresh: 0 } }));
    const cache = swrCache<StoredResponse>({ storage: memoryStorage({ entries: 10 }), now: () => 1_000 });
    for (let i = 0; i < 3; i++) await cache.get("key", load, waitUntil);
    expect(load).toHaveBeenCalledTimes(3);
  });
});

describe("a cache whose storage fails", () => {
  it("logs the fault, and gives the loaded value", async () => {
    const logError = vi.fn();
    const fail = async () => {
      throw new Error("the disk is full");
    };
    const cache = swrCache<StoredResponse>({ storage: { match: fail, put: fail }, logError });
    const { value } = await cache.get("key", async () => cached({ generatedAt: Date.now() }), waitUntil);
    expect(value.status).toBe(200);
    expect(logError.mock.calls.flat()).toEqual([
      expect.stringContaining("could not be read: Error: the disk is full"),
      expect.stringContaining("could not be written: Error: the disk is full"),
    ]);
  });
});

describe("a cache whose storage takes its time", () => {
  it("delays no caller, and keeps the write alive", async () => {
    const released = Promise.withResolvers<void>();
    let isWritten = false;
    const put = async () => {
      await released.promise;
      await new Promise((resolve) => setTimeout(resolve));
      isWritten = true;
    };
    const cache = swrCache<StoredResponse>({ storage: { match: async () => undefined, put } });
    const alive: Promise<unknown>[] = [];
    await cache.get(
      "key",
      async () => cached({ generatedAt: Date.now() }),
      (work) => alive.push(work),
    );
    expect(isWritten).toBe(false);
    released.resolve();
    await Promise.all(alive);
    expect(isWritten).toBe(true);
  });
});

describe("the memory tier", () => {
  it("evicts nothing for a response that it may not keep", async () => {
    let loaded: Cached<StoredResponse> = cached({ generatedAt: 0, body: "x".repeat(4_000_000) });
    const load = vi.fn(async () => loaded);
    const next: Cache<StoredResponse> = { get: (_key, load) => load() };
    const memory = memoryCache(next, { now: () => 0 });
    await memory.get("kept", load, waitUntil);
    loaded = cached({ freshness: undefined, body: "x".repeat(5_000_000) });
    await memory.get("other", load, waitUntil);
    await memory.get("kept", load, waitUntil);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe("an LRU map", () => {
  it("keeps its entries where a value is larger than its bound", () => {
    const map = new Lru<string>({ entries: 10, size: 100 });
    map.set("small", "a", 10);
    map.set("large", "b", 101);
    expect([map.get("small"), map.get("large")]).toEqual(["a", undefined]);
  });
});
