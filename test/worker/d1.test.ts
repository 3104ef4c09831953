import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import { listKey } from "../../src/store/key.ts";
import worker, { type Bindings, Sources } from "../../src/worker.ts";
import { createD1Store } from "../support/d1-store.ts";
import { type AnyStore, createStore, readFixture, token } from "../support/store.ts";
import { authentikUrl, startWorker } from "../support/worker.ts";

let store: AnyStore;
let logged: string[];

beforeEach(async () => {
  store = await createD1Store();
  await store.load(await readFixture("company"));
  logged = [];
  for (const name of ["log", "error"] as const) {
    vi.spyOn(console, name).mockImplementation((...words) => logged.push(words.join(" ")));
  }
});

afterEach(() => vi.restoreAllMocks());

/** D1 under the eyes of a test: where each query goes. */
function watchSessions() {
  const { DB } = store.bindings;
  if (!DB) throw new Error("the store is no D1");
  const asked: string[] = [];
  const watched = new Proxy(DB, {
    get(target, name) {
      if (name === "prepare" || name === "batch") asked.push("primary");
      if (name === "withSession")
        return (constraint: D1SessionConstraint) => {
          asked.push(constraint);
          return target.withSession(constraint);
        };
      return Reflect.get(target, name);
    },
  });
  return { asked, bindings: { DB: watched } };
}

describe("a Worker over D1", () => {
  it("reads lists from the nearest replica, and tokens from the primary", async () => {
    const { asked, bindings } = watchSessions();
    const { list, send } = startWorker({ bindings });
    expect((await list()).status).toBe(200);
    expect(asked).toEqual(["primary", "first-unconstrained"]);
    await send("/readyz");
    expect(asked.slice(2)).toEqual(["first-unconstrained"]);
  });

  it("syncs at the primary", async () => {
    const { asked, bindings } = watchSessions();
    await worker.scheduled(createScheduledController(), {
      ...bindings,
      AUTHENTIK_SYNC_URL: `${inject("labUrl")}/authentik/many`,
      AUTHENTIK_TOKEN: "ak",
      SYNC_ALLOW_REMOVALS: "true",
    });
    expect(logged.join()).toContain('"outcome":"changed"');
    expect(new Set(asked)).toEqual(new Set(["primary"]));
  });

  it("logs the number of store requests, in the gateway and in Sources", async () => {
    const { list } = startWorker(store);
    for (const query of ["", "page_size=3", "page_size=3"]) {
      const before = await store.requests();
      await list(query);
      expect(JSON.parse(logged.at(-1) ?? "")).toMatchObject({ store: (await store.requests()) - before });
    }
    expect(logged.map((line) => JSON.parse(line).store)).toEqual([2, 1, 1]);

    const entrypoint = { env: store.bindings, ctx: createExecutionContext() };
    const response = await Sources.prototype.fetch.call(entrypoint, new Request(listKey("", authentikUrl)));
    expect(response.status).toBe(200);
    expect(JSON.parse(logged.at(-1) ?? "")).toMatchObject({ entrypoint: "Sources", store: 1 });
  });

  it("reads the libSQL database where LIBSQL_URL is set too, and /readyz names the store", async () => {
    const libsql = await createStore();
    const over = async (bindings: Bindings) => (await startWorker({ bindings }).send("/readyz")).json();
    expect(await over(store.bindings)).toMatchObject({ status: "ready", store: "d1" });
    const before = await store.requests();
    expect(await over({ ...store.bindings, ...libsql.bindings })).toMatchObject({ status: "ready", store: "libsql" });
    expect(await store.requests()).toBe(before);
  });

  it("tells its status, from the nearest replica", async () => {
    await store.db
      .insert(syncRuns)
      .values({ startedAt: 0, durationMs: 1, trigger: "cron", upstream: "", outcome: "failed", error: "x" });
    const { asked, bindings } = watchSessions();
    const response = await startWorker({ bindings }).send("/status", { headers: { Authorization: `Bearer ${token}` } });
    expect(await response.json()).toMatchObject({
      sources: 12,
      icons: { stored: 0, failed: 0, first_failed: [] },
      warnings: { count: 0, first: [] },
      runs: [{ started_at: "1970-01-01T00:00:00Z", outcome: "failed", reason: "x" }],
    });
    expect(asked).toEqual(["primary", "first-unconstrained"]);
  });

  it("takes an empty LIBSQL_URL for none", async () => {
    expect((await startWorker(store, { LIBSQL_URL: "" }).list()).status).toBe(200);
  });
});
