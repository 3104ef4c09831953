import { describe, expect, it } from "vitest";
import { cacheStatus, startApp } from "../support/app.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, createStore, readFixture } from "../support/store.ts";

const company = await readFixture("company");

/** A query takes 4 s at most, over libSQL 2 s where it hangs; a request asks twice at most. With room for a busy machine. */
const budgetMs = 10_000;

const wrongRows = [
  "no rows",
  "null",
  "a number",
  "text that is no object",
  "half an object",
  "a row less",
  "a row more",
  "no count",
];

const kinds = {
  libSQL: [
    ...["refuse", "hang", "drip", "500", "502", "503", "504", "html", "truncated", "pipeline error", "missing column"],
    ...wrongRows,
  ],
  D1: ["fails", "is overloaded", "hangs", ...wrongRows],
};

const cases = engines.flatMap(({ engine, create }) => kinds[engine].map((kind) => ({ engine, create, kind })));

/** A store that was well, an app that has asked it for its list, and then a fault. */
async function meet<Store extends AnyStore>(kind: string, create: () => Promise<Store>) {
  const store = await create();
  await store.load(company);
  const app = startApp(store);
  const good = await (await app.list()).text();
  await app.settle();
  await store.fault(kind);
  return { store, app, good };
}

async function timed(work: () => Promise<Response>): Promise<Response> {
  const start = Date.now();
  const response = await work();
  expect(Date.now() - start).toBeLessThan(budgetMs);
  return response;
}

describe.each(cases)("a store that answers with: $kind ($engine)", ({ kind, create }) => {
  it.concurrent("lets fresh answers be hits", async () => {
    const { app, good } = await meet(kind, create);
    app.wait(20);
    const response = await app.list();
    expect(cacheStatus(response)).toBe("hit; ttl=10");
    expect(await response.text()).toBe(good);
  });

  it.concurrent("leaves readers the stale answer, marked as such; while it fails, at once", async () => {
    const { store, app, good } = await meet(kind, create);
    for (const [seconds, age] of [
      [3_600, 3_600],
      [3, 3_603],
    ] as const) {
      app.wait(seconds);
      const response = await timed(() => app.list());
      expect(response.status).toBe(200);
      expect(response.headers.get("Age")).toBe(String(age));
      expect(cacheStatus(response)).toContain("detail=stale-if-error");
      expect(await response.text()).toBe(good);
    }
    await store.fault("none");
    app.wait(6); // a try in the background
    await app.list();
    await app.settle();
    app.wait(4);
    expect(cacheStatus(await app.list())).toBe("hit; ttl=26");
  });

  it.concurrent("is a 503 inside the budget where nothing is cached, and well again after it", async () => {
    const { store, app } = await meet(kind, create);
    const response = await timed(() => app.list("page_size=5"));
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ detail: "The store is unavailable.", code: "unavailable" });
    expect(response.headers.get("Retry-After")).toBe("5");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    await store.fault("none");
    expect((await app.list("page_size=5")).status).toBe(200);
  });
});

describe("the store's client", () => {
  it.each([
    ["refuse", 3],
    ["hang", 1],
    ["502", 3],
    ["503", 3],
    ["504", 3],
    ["500", 1],
    ["html", 1],
    ["truncated", 1],
    ["pipeline error", 1],
  ])("asks a store that answers with %s %i times", async (kind, times) => {
    const { store, app } = await meet(kind, createStore);
    const before = await store.requests();
    await app.list("page_size=5");
    expect((await store.requests()) - before).toBe(times);
  });
});
