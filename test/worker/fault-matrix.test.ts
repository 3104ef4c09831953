// Holds P2: docs/promises.md.

import { afterEach, describe, expect, it, vi } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { cacheStatus, startApp } from "../support/app.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, createStore, readFixture } from "../support/store.ts";

const company = await readFixture("company");

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
    ...["refuse", "500", "502", "503", "504", "html", "truncated", "pipeline error", "missing column"],
    ...wrongRows,
  ],
  D1: ["fails", "is overloaded", ...wrongRows],
};

const cases = engines.flatMap(({ engine, create }) => kinds[engine].map((kind) => ({ engine, create, kind })));

/** A store whose time-outs are timers, over libSQL too: vitest can move the clock of those, and not that of AbortSignal. */
function withMovableTimeouts(store: AnyStore): Pick<AnyStore, "open"> {
  const url = store.bindings.LIBSQL_URL;
  const timeout = (milliseconds: number) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("the time is over", "TimeoutError")), milliseconds);
    return controller.signal;
  };
  return url ? { open: () => openLibsql({ url, timeout }) } : store;
}

/**
 * Does something with a store that hangs: whenever that has been asked, the clock moves to the next time-out.
 * @returns the seconds by which it has moved
 */
async function moveClock(store: AnyStore, work: () => Promise<Response>) {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  const start = Date.now();
  let asked = await store.requests();
  let isOver = false;
  const response = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await scheduler.wait(1);
    const requests = await store.requests();
    if (requests === asked) continue;
    asked = requests;
    await vi.advanceTimersToNextTimerAsync();
  }
  return { response: await response, waited: (Date.now() - start) / 1000 };
}

/** A store that was well, an app that has asked it for its list, and then a fault. */
async function meet(kind: string, create: () => Promise<AnyStore>) {
  const store = await create();
  await store.load(company);
  const app = startApp(withMovableTimeouts(store));
  const good = await (await app.list()).text();
  await app.settle();
  await store.fault(kind);
  return { store, app, good };
}

const unavailable = { detail: "The store is unavailable.", code: "unavailable" };

async function expectUnavailable(response: Response) {
  expect([response.status, await response.json()]).toEqual([503, unavailable]);
  expect(response.headers.get("Retry-After")).toBe("5");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
}

async function expectStale(response: Response, age: number, body: string) {
  expect(response.status).toBe(200);
  expect(response.headers.get("Age")).toBe(String(age));
  expect(cacheStatus(response)).toContain("detail=stale-if-error");
  expect(await response.text()).toBe(body);
}

/** A list that has gone stale while the store failed is fresh again some seconds after the store is well. */
async function expectRecovery({ store, app }: Awaited<ReturnType<typeof meet>>) {
  await store.fault("none");
  app.wait(6); // a try in the background
  await app.list();
  await app.settle();
  app.wait(4);
  expect(cacheStatus(await app.list())).toBe("hit; ttl=26");
}

describe.each(cases)("a store that fails ($engine: $kind)", ({ kind, create }) => {
  it.concurrent("leaves fresh responses hits", async () => {
    const { app, good } = await meet(kind, create);
    app.wait(20);
    const response = await app.list();
    expect(cacheStatus(response)).toBe("hit; ttl=10");
    expect(await response.text()).toBe(good);
  });

  it.concurrent("leaves clients the stale response, marked as such, until it recovers", async () => {
    const met = await meet(kind, create);
    const { app, good } = met;
    app.wait(3_600);
    await expectStale(await app.list(), 3_600, good);
    app.wait(3);
    await expectStale(await app.list(), 3_603, good);
    await expectRecovery(met);
  });

  it.concurrent("is a 503 where nothing is cached, until it recovers", async () => {
    const { store, app } = await meet(kind, create);
    await expectUnavailable(await app.list("page_size=5"));
    await store.fault("none");
    expect((await app.list("page_size=5")).status).toBe(200);
  });
});

/** How a store hangs, and for how many seconds a lookup waits then: one attempt of libSQL's, all that a query may take of D1's. */
const hangs = { libSQL: { kinds: ["hang", "drip"], seconds: 2 }, D1: { kinds: ["hangs"], seconds: 4 } };

const hanging = engines.flatMap(({ engine, create }) => {
  const { kinds, seconds } = hangs[engine];
  return kinds.map((kind) => ({ engine, create, kind, seconds }));
});

describe.each(hanging)("a store that hangs ($engine: $kind)", ({ kind, create, seconds }) => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("leaves fresh responses hits without a wait", async () => {
    const { store, app } = await meet(kind, create);
    app.wait(20);
    const { response, waited } = await moveClock(store, () => app.list());
    expect([cacheStatus(response), waited]).toEqual(["hit; ttl=10", 0]);
  });

  it("delays the first stale response by two time-outs, and none after it", async () => {
    const met = await meet(kind, create);
    const { store, app, good } = met;
    for (const [later, age, expected] of [
      [3_600, 3_600, 2 * seconds],
      [3, 3_603, 0],
    ] as const) {
      app.wait(later);
      const { response, waited } = await moveClock(store, () => app.list());
      expect(waited).toBe(expected);
      await expectStale(response, age, good);
    }
    vi.useRealTimers();
    await expectRecovery(met);
  });

  it("is a 503 after one time-out where nothing is cached, until it recovers", async () => {
    const { store, app } = await meet(kind, create);
    const before = await store.requests();
    const { response, waited } = await moveClock(store, () => app.list("page_size=5"));
    expect([waited, (await store.requests()) - before]).toEqual([seconds, 1]);
    await expectUnavailable(response);
    vi.useRealTimers();
    await store.fault("none");
    expect((await app.list("page_size=5")).status).toBe(200);
  });
});

describe("the client of a libSQL store", () => {
  it.each([
    ["refuse", 3],
    ["502", 3],
    ["503", 3],
    ["504", 3],
    ["500", 1],
    ["html", 1],
    ["truncated", 1],
    ["pipeline error", 1],
  ])("sends a query that meets the fault %s %i times", async (kind, times) => {
    const { store, app } = await meet(kind, createStore);
    const before = await store.requests();
    await app.list("page_size=5");
    expect((await store.requests()) - before).toBe(times);
  });
});
