import { describe, expect, it, vi } from "vitest";
import type { Answer } from "../src/cache/answer.ts";
import { BoundedMap } from "../src/cache/bounded-map.ts";
import { localCache } from "../src/cache/local-cache.ts";
import { memoryTier } from "../src/cache/memory-tier.ts";
import { memoryStorage } from "../src/cache/storage.ts";

const context = { waitUntil: () => {} };
const freshness = { fresh: 55, staleWhileRevalidate: 0, staleIfError: 3_600 };
const answer = (changes: Partial<Answer>): Answer => ({
  status: 200,
  headers: {},
  body: "null",
  generatedAt: 0,
  freshness,
  ...changes,
});

describe("a cache in front of another that serves stale", () => {
  it("takes an answer that is overdue for a failure, and does not wait for the next at once", async () => {
    let now = 100_000;
    const load = vi.fn(async () => answer({ generatedAt: 0 }));
    const cache = localCache({ storage: memoryStorage({ entries: 10 }), now: () => now });
    const statuses: string[] = [];
    for (let i = 0; i < 20; i++) {
      statuses.push((await cache.serve("key", load, context)).status);
      now += 100;
    }
    expect(load).toHaveBeenCalledTimes(1);
    expect(statuses.at(-1)).toMatch(/^hit; ttl=-[0-9]+; detail=stale-if-error$/);
  });

  it("asks each time where answers are never fresh", async () => {
    const load = vi.fn(async () => answer({ generatedAt: 1_000, freshness: { ...freshness, fresh: 0 } }));
    const cache = localCache({ storage: memoryStorage({ entries: 10 }), now: () => 1_000 });
    for (let i = 0; i < 3; i++) await cache.serve("key", load, context);
    expect(load).toHaveBeenCalledTimes(3);
  });
});

describe("a cache whose storage fails", () => {
  it("logs that, and answers all the same", async () => {
    const logError = vi.fn();
    const fail = async () => {
      throw new Error("the disk is full");
    };
    const cache = localCache({ storage: { match: fail, put: fail }, logError });
    const served = await cache.serve("key", async () => answer({ generatedAt: Date.now() }), context);
    expect(served.answer.status).toBe(200);
    expect(logError.mock.calls.flat()).toEqual([
      expect.stringContaining("could not be read: Error: the disk is full"),
      expect.stringContaining("could not be written: Error: the disk is full"),
    ]);
  });
});

describe("the tier in memory", () => {
  it("keeps no room for what it may not keep", async () => {
    let next = answer({ generatedAt: 0, body: "x".repeat(4_000_000) });
    const load = vi.fn(async () => next);
    const stage = {
      serve: async (_key: string, make: () => Promise<Answer>) => ({ answer: await make(), status: "x" }),
    };
    const tier = memoryTier(stage, { now: () => 0 });
    await tier.serve("kept", load, context);
    next = answer({ freshness: undefined, body: "x".repeat(5_000_000) });
    await tier.serve("other", load, context);
    await tier.serve("kept", load, context);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe("a bounded map", () => {
  it("keeps what it has where something comes that is larger than all of it", () => {
    const map = new BoundedMap<string>({ entries: 10, size: 100 });
    map.set("small", "a", 10);
    map.set("large", "b", 101);
    expect([map.get("small"), map.get("large")]).toEqual(["a", undefined]);
  });
});
