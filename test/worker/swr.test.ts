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

describe("the circuit breaker", () => {
  it("tries no load for 5 s after a failure, then one in the background, and closes with the first that succeeds", async () => {
    let now = 0;
    let isUp = true;
    const load = vi.fn(async () => {
      if (!isUp) throw new Error("the store is down");
      return cached({ generatedAt: now, freshness: { ...freshness, fresh: 10 } });
    });
    const cache = swrCache<StoredResponse>({ storage: memoryStorage({ entries: 10 }), now: () => now });
    const get = async (at: number) => {
      now = at;
      const work: Promise<unknown>[] = [];
      const { status } = await cache.get("key", load, (each) => work.push(each));
      await Promise.all(work);
      return [status, load.mock.calls.length];
    };
    expect(await get(0)).toEqual(["miss", 1]);
    isUp = false;
    expect(await get(11_000)).toEqual(["stale-after-error", 2]);
    expect(await get(15_999)).toEqual(["stale-if-error", 2]);
    expect(await get(16_000)).toEqual(["stale-if-error", 3]);
    isUp = true;
    expect(await get(20_999)).toEqual(["stale-if-error", 3]);
    expect(await get(21_000)).toEqual(["stale-if-error", 4]);
    expect(await get(21_001)).toEqual(["fresh", 4]);
    // The failure is forgotten: this one waits for the load again.
    expect(await get(31_001)).toEqual(["expired", 5]);
  });
});

describe("a load that brings something older than what the cache has", () => {
  it("counts as a failed one", async () => {
    const storage = memoryStorage<StoredResponse>({ entries: 10 });
    const fresh10 = { ...freshness, fresh: 10 };
    await storage.put("key", cached({ body: "newer", generatedAt: 50_000, freshness: fresh10 }));
    const cache = swrCache<StoredResponse>({ storage, now: () => 61_000 });
    const load = async () => cached({ body: "older", generatedAt: 49_000, freshness: fresh10 });
    const { value, status } = await cache.get("key", load, waitUntil);
    expect([value.body, status]).toEqual(["newer", "stale-after-error"]);
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

  it("delays a reader who has nothing else by a second at most, behind a load in the background", async () => {
    vi.useFakeTimers({ now: 0 });
    const fresh10 = { ...freshness, fresh: 10, staleWhileRevalidate: 60 };
    let stored: Cached<StoredResponse> | undefined = cached({ freshness: fresh10 });
    const cache = swrCache<StoredResponse>({
      storage: { match: async () => stored, put: () => new Promise(() => {}) },
      now: () => 11_000,
    });
    const load = vi.fn(async () => cached({ generatedAt: 11_000, freshness: fresh10 }));
    expect((await cache.get("key", load, waitUntil)).status).toBe("stale-while-revalidate");
    stored = undefined;
    const answered = vi.fn();
    void cache.get("key", load, waitUntil).then(answered);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(answered).toHaveBeenCalledWith(expect.objectContaining({ status: "miss", collapsed: true }));
    expect(load).toHaveBeenCalledTimes(1);
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
