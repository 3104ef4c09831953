import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { logRequests, requestLog } from "../../src/gateway/log.ts";
import { readSettings } from "../../src/settings.ts";
import { createStore, readFixture } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const log = vi.spyOn(console, "log");
const lines = () => log.mock.calls.map(([line]) => JSON.parse(line));

beforeEach(() => {
  log.mockReset().mockImplementation(() => {});
});
afterEach(() => {
  log.mockReset();
});

const cache = "authentik-sources-edge; ";

/** Answers one request, with a number drawn for it. */
async function ask(hits: number, drawn: number, status = 200, cacheStatus?: string) {
  let now = 0;
  const app = new Hono()
    .use(logRequests(requestLog({ hits, random: () => drawn }), () => (now += 7)))
    .get("/", () => new Response(null, { status, headers: cacheStatus ? { "Cache-Status": cacheStatus } : {} }));
  await app.request("/");
  return lines();
}

describe("the log", () => {
  it.each([
    ["a hit", 200, `${cache}hit; ttl=3`],
    ["a hit out of memory", 200, `${cache}hit; ttl=3; detail=memory`],
    ["a stale hit", 200, `${cache}hit; ttl=-3; detail=stale-if-error`],
    ["a 304 of a hit", 304, `${cache}hit; ttl=3`],
  ])("has a line for one in a hundred where it is %s, which says so", async (_, status, cacheStatus) => {
    expect(await ask(0.01, 0.01, status, cacheStatus)).toEqual([]);
    expect(await ask(0.01, 0.0099, status, cacheStatus)).toEqual([
      { method: "GET", path: "/", status, cache: cacheStatus, store: 0, ms: 7, sample: 100 },
    ]);
  });

  it.each<[string, number, string?]>([
    ["a miss", 200, `${cache}fwd=uri-miss; fwd-status=200; stored; ttl=30`],
    ["a 304 of a miss", 304, `${cache}fwd=uri-miss; fwd-status=200; stored; ttl=30`],
    ["a failure of the store", 200, `${cache}fwd=stale; ttl=-9; detail=stale-if-error`],
    ["an error that a cache keeps", 404, `${cache}hit; ttl=3; detail=memory`],
    ["a refusal", 403],
    ["a route without a cache", 200],
  ])("has every line of %s, whatever is drawn", async (_, status, cacheStatus) => {
    const [line, ...more] = await ask(0, 0.999, status, cacheStatus);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ status });
    expect(line).not.toHaveProperty("sample");
  });

  it("has no hit with a share of 0, and every one with 1", async () => {
    expect(await ask(0, 0, 200, `${cache}hit`)).toEqual([]);
    const [line] = await ask(1, 0.999, 200, `${cache}hit`);
    expect(line).toMatchObject({ status: 200 });
    expect(line).not.toHaveProperty("sample");
  });

  it("gives sums: a line counts for as many requests as it says", async () => {
    let drawn = 0;
    const app = new Hono()
      .use(logRequests(requestLog({ hits: 0.05, random: () => (drawn++ % 1_000) / 1_000 })))
      .get("/", (c) => c.body(null, 200, { "Cache-Status": `${cache}hit` }));
    for (let i = 0; i < 2_000; i++) await app.request("/");
    expect(lines().reduce((sum, { sample = 1 }) => sum + sample, 0)).toBe(2_000);
  });
});

describe("LOG_HITS", () => {
  it("is one in a hundred where it is not set", () => {
    expect(readSettings({}).logHits).toBe(0.01);
    expect(readSettings({ LOG_HITS: "" }).logHits).toBe(0.01);
  });

  it.each(["2", "-1", "1.5", "all", ".5", "1e-3", "0.1 "])("refuses %j", (value) => {
    expect(() => readSettings({ LOG_HITS: value })).toThrow("must be a number from 0 to 1");
  });

  it("sets how many hits the Worker logs, each with the token's id, prepared ones too", async () => {
    const store = await createStore();
    await store.load(await readFixture("company"));
    for (const [LOG_HITS, expected] of [
      ["1", 3],
      ["0", 0],
    ] as const) {
      const worker = startWorker(store, { EDGE_CACHE: "cache-api", LOG_HITS });
      await worker.list(`page_size=${9 - expected}`);
      log.mockClear();
      for (let i = 0; i < 3; i++) await worker.list(`page_size=${9 - expected}`);
      expect(lines().map(({ status, token }) => [status, token])).toEqual(Array(expected).fill([200, "1"]));
    }
  });
});
