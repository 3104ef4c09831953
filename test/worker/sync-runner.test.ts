import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import type { Bindings } from "../../src/worker.ts";
import { Sources, type SyncRunner } from "../../src/worker.ts";
import { createStore, readFixture, type TestStore } from "../support/store.ts";

const upstream = "https://authentik.example";
/** So far ahead that no alarm goes off by itself: a test calls each. */
const start = Date.parse("2100-01-01");

let store: TestStore;
let rows: OAuthSource[];
let number = 0;
/** Called with every request that a run makes, of upstream and of the store, and told how many there have been. */
let onRequest: { before?: (count: number) => unknown; after?: (count: number) => unknown };
let requests: number;
let status: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  store = await createStore();
  rows = (await readFixture("company")).results.map((source) => ({ ...source, icon: "/static/icon.svg" }));
  [onRequest, requests, status] = [{}, 0, 200];
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  const fetch = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const count = ++requests;
    await onRequest.before?.(count);
    const url = new URL(input instanceof Request ? input.url : input);
    const response = await (url.origin === upstream ? authentik(url) : fetch(input, init));
    await onRequest.after?.(count);
    return response;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function authentik({ pathname }: URL): Response {
  if (pathname.startsWith("/static/"))
    return new Response(`<svg id="${pathname}"/>`, { headers: { "Content-Type": "image/svg+xml" } });
  if (pathname.endsWith("/source_types/")) return new Response(null, { status: 404 });
  const pagination = { next: 0, previous: 0, count: rows.length, current: 1, total_pages: 1 };
  return Response.json({ pagination, results: rows }, { status });
}

type Stub = DurableObjectStub<SyncRunner>;

const namespace = (env as Bindings).SYNC_RUNNER as DurableObjectNamespace<SyncRunner>;
const stubOf = (name: string): Stub => namespace.getByName(name);

/** Gives an object of the runner its configuration, which it has not got from wrangler here. */
async function configure(stub: Stub, variables: Bindings = {}) {
  const bindings = {
    LIBSQL_URL: store.url,
    AUTHENTIK_URL: upstream,
    AUTHENTIK_TOKEN: "ak-token-of-the-test",
    ...variables,
  };
  await runInDurableObject(stub, (runner) => {
    Object.assign(runner, { env: bindings });
  });
}

async function createRunner(variables?: Bindings) {
  const name = `runner ${++number}`;
  const stub = stubOf(name);
  await configure(stub, variables);
  return { name, stub };
}

/** All that an object has in memory is gone then. */
async function restart(name: string, stub: Stub): Promise<Stub> {
  await runInDurableObject(stub, (_, state) => state.abort("restarted by the test")).catch(() => {});
  const again = stubOf(name);
  await configure(again);
  return again;
}

/** When the alarm is set, in seconds from the start. */
const alarmOf = (stub: Stub) =>
  runInDurableObject(stub, async (_, { storage }) => {
    const at = await storage.getAlarm();
    return at === null ? null : (at - start) / 1000;
  });

/** Calls the alarm although none is set. @param retryCount how often the platform has tried before */
const callAlarm = (stub: Stub, retryCount = 0) =>
  runInDurableObject(stub, (runner: SyncRunner) => runner.alarm({ retryCount }));

/** Lets alarms go off, each at its time, until none is set. */
async function runAll(stub: Stub, most = 10): Promise<number> {
  for (let alarms = 0; alarms < most; alarms++) {
    const at = await alarmOf(stub);
    if (at === null) return alarms;
    vi.setSystemTime(Math.max(Date.now(), start + at * 1000));
    await runDurableObjectAlarm(stub);
  }
  throw new Error("the alarms do not end");
}

const runs = () => store.db.select().from(syncRuns);

const isInStep = async () => {
  const stored = await store.db.values<[string, string]>("SELECT slug, document ->> '$.name' FROM oauth_sources");
  const of = (pairs: (readonly [string, string])[]) => pairs.map(([slug, name]) => `${slug} ${name}`).sort();
  expect(of(stored.map((row) => [row[0], row[1]]))).toEqual(of(rows.map(({ slug, name }) => [slug, name])));
};

describe("the runner of the sync", () => {
  it("runs when its alarm goes off, records what started the run, and tells the cache once where it wrote", async () => {
    const invalidate = vi.spyOn(Sources.prototype, "invalidate");
    const { stub } = await createRunner();
    await stub.request("cron");
    expect(requests).toBe(0);
    expect(await alarmOf(stub)).toBe(0);
    expect(await runAll(stub)).toBe(1);
    await isInStep();
    expect(await runs()).toMatchObject([{ trigger: "cron", outcome: "changed", startedAt: start }]);
    expect(invalidate).toHaveBeenCalledTimes(1);
  });

  it("looks again ten seconds after a webhook, and sees then that a source is gone", async () => {
    const invalidate = vi.spyOn(Sources.prototype, "invalidate");
    const { stub } = await createRunner();
    await stub.request("webhook");
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBe(10);
    rows = rows.slice(1);
    await runAll(stub);
    await isInStep();
    expect(await runs()).toMatchObject([
      { trigger: "webhook", outcome: "changed", removed: 0 },
      { trigger: "webhook", outcome: "changed", removed: 1, startedAt: start + 10_000 },
    ]);
    expect(invalidate).toHaveBeenCalledTimes(2);
  });

  it("coalesces a hundred calls in three runs, and is then at rest", async () => {
    const { name, stub } = await createRunner();
    await Promise.all(Array.from({ length: 50 }, () => stub.request("webhook")));
    onRequest.before = async (count) => {
      if (count === 1) await Promise.all(Array.from({ length: 50 }, () => stubOf(name).request("webhook")));
    };
    expect(await runAll(stub)).toBe(3);
    expect(await runs()).toHaveLength(3);
  });

  it("has another run after one during which it was asked, at whatever moment that was", async () => {
    const { stub: first } = await createRunner();
    await first.request("cron");
    await runAll(first);
    rows = rows.map((row) => ({ ...row, name: `${row.name} again` }));
    requests = 0;
    await first.request("cron");
    await runAll(first);
    const moments = requests;
    expect(moments).toBeGreaterThan(5);

    for (const moment of ["before", "after"] as const) {
      for (let asked = 1; asked <= moments; asked++) {
        const { name, stub } = await createRunner();
        const recorded = (await runs()).length;
        rows = rows.map((row) => ({ ...row, name: `${row.slug} ${moment} ${asked}` }));
        requests = 0;
        onRequest[moment] = async (count) => {
          if (count !== asked) return;
          rows = rows.map((row) => ({ ...row, name: `${row.slug} and then` }));
          await stubOf(name).request("cron");
        };
        await stub.request("cron");
        await runAll(stub);
        onRequest = {};
        await isInStep();
        expect((await runs()).length - recorded, `${moment} request ${asked}`).toBe(2);
      }
    }
  });

  it("asks the platform to try a failed run again, twice, and leaves the rest to the cron", async () => {
    status = 403;
    const { stub } = await createRunner();
    for (const retryCount of [0, 1]) await expect(callAlarm(stub, retryCount)).rejects.toThrow("tries again");
    await callAlarm(stub, 2);
    expect(await alarmOf(stub)).toBeNull();
    expect((await runs()).map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed"]);
    status = 200;
    await stub.request("cron");
    await runAll(stub);
    await isInStep();
  });

  it("does not fail where another run is asked for or due: that one tries again", async () => {
    status = 403;
    const { name, stub } = await createRunner();
    await stub.request("webhook");
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBe(10);
    requests = 0;
    onRequest.before = async (count) => {
      if (count === 1) await stubOf(name).request("cron");
    };
    await callAlarm(stub);
    expect(await alarmOf(stub)).toBe(0);
  });

  it.each<[string, Bindings]>([
    ["the store's address is not set", { LIBSQL_URL: "" }],
    ["the configuration is wrong", { CACHE_FRESH_SECONDS: "soon" }],
  ])("logs the reason, and is tried again, where %s", async (_, variables) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { stub } = await createRunner(variables);
    await expect(callAlarm(stub)).rejects.toThrow("tries again");
    expect(log.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      { job: "sync", error: expect.stringContaining(Object.keys(variables).join()) },
    ]);
  });

  it("does nothing without a token of authentik", async () => {
    const { stub } = await createRunner({ AUTHENTIK_TOKEN: "" });
    await stub.request("cron");
    expect(await runAll(stub)).toBe(1);
    expect(requests).toBe(0);
  });

  it("remembers what is due when it is restarted", async () => {
    const { name, stub: first } = await createRunner();
    let stub = first;
    await stub.request("webhook");
    stub = await restart(name, stub);
    await runDurableObjectAlarm(stub);
    stub = await restart(name, stub);
    rows = rows.slice(1);
    await runAll(stub);
    await isInStep();
    expect((await runs()).map(({ trigger }) => trigger)).toEqual(["webhook", "webhook"]);
  });

  it("runs again when it is killed in the middle of a run, at whatever moment that was", async () => {
    const { stub: first } = await createRunner();
    await first.request("cron");
    await runAll(first);
    const moments = requests;

    for (let killed = 1; killed <= moments; killed++) {
      rows = rows.map((row) => ({ ...row, name: `${row.slug} killed ${killed}`, icon: `/static/${killed}.svg` }));
      const { name, stub } = await createRunner();
      const kill = await runInDurableObject(stub, (_, state) => () => state.abort("killed by the test"));
      requests = 0;
      onRequest.before = async (count) => {
        if (count !== killed) return;
        onRequest = {};
        kill();
        await new Promise(() => {});
      };
      await stub.request("webhook");
      await runDurableObjectAlarm(stub).catch(() => {});
      const again = await restart(name, stubOf(name));
      // What the platform does with an alarm that has not ended.
      await callAlarm(again);
      await runAll(again);
      await isInStep();
      expect(await alarmOf(again)).toBeNull();
    }
  });
});
