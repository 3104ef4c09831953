import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import worker, { type Bindings, type SyncRunner } from "../../src/worker.ts";
import { createStore, readFixture, type TestStore } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
let logged: string[];

beforeEach(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
  logged = [];
  for (const name of ["log", "error"] as const) {
    vi.spyOn(console, name).mockImplementation((...line) => logged.push(line.join(" ")));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** In the place of the Durable Object, which would run the sync. */
const SYNC_RUNNER = {
  getByName: () => ({ request: async () => {} }),
} as unknown as DurableObjectNamespace<SyncRunner>;

const wrongVariables: Bindings[] = [
  { SYNC_HOOK_SECRET: "hunter2" },
  { SYNC_ALLOW_REMOVALS: "hunter2" as "true" },
  { SYNC_MAX_AGE_SECONDS: "hunter2" },
];

describe.each(wrongVariables)("a wrong variable of the sync, such as %j,", (wrong) => {
  const [name = ""] = Object.keys(wrong);
  const problem = expect.stringMatching(`^the configuration of the sync is wrong: ${name} must (?!.*hunter2)`);

  it("takes no reader down, and is named by /readyz and once by the log", async () => {
    const { send, list } = startWorker(store, { ...wrong, SYNC_RUNNER });
    expect((await list()).status).toBe(200);
    expect((await send("/healthz")).status).toBe(200);
    const ready = await send("/readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { status: "ready", store: "libsql", problem }]);
    expect(logged.filter((line) => line.includes(name))).toEqual([problem]);
  });

  it("is named by /readyz where the store is down too", async () => {
    const ready = await startWorker({ bindings: { LIBSQL_URL: "" } }, wrong).send("/readyz");
    expect([ready.status, await ready.json()]).toEqual([503, { status: "unavailable", store: "libsql", problem }]);
  });

  it("fails the sync, by whatever it is started", async () => {
    const env: Bindings = {
      ...store.bindings,
      ...wrong,
      AUTHENTIK_TOKEN: "ak",
      AUTHENTIK_SYNC_URL: "https://a.example",
    };
    await expect(worker.scheduled(createScheduledController(), env)).rejects.toThrow(name);
    expect(await store.db.select().from(syncRuns)).toEqual([]);
    const hook = await startWorker(store, { SYNC_HOOK_SECRET: "s".repeat(32), ...wrong, SYNC_RUNNER }).send(
      "/hooks/authentik",
      { method: "POST", headers: { Authorization: `Bearer ${"s".repeat(32)}` } },
    );
    expect(hook.status).toBe(500);
  });
});

describe("a run of the sync from a clock that is ahead", () => {
  const day = 86_400;
  const ran = (secondsAgo: number) =>
    store.db.insert(syncRuns).values({
      startedAt: Date.now() - secondsAgo * 1000,
      durationMs: 900,
      trigger: "command",
      upstream: "https://authentik.example/",
      outcome: "changed",
      error: null,
    });
  const ready = async (variables: Bindings = {}) => {
    const response = await startWorker(store, variables).send("/readyz");
    const { status, sync } = await response.json<{ status: string; sync: { age_seconds: number } }>();
    return [response.status, status, sync.age_seconds];
  };
  const about = (seconds: number) => expect.toSatisfy((age: number) => age >= seconds && age < seconds + 20);

  it("is stale, whatever age is allowed", async () => {
    await ran(-30 * day);
    expect(await ready()).toEqual([503, "stale", 0]);
    expect(await ready({ SYNC_MAX_AGE_SECONDS: "600" })).toEqual([503, "stale", 0]);
  });

  it("has no say once another run has been good", async () => {
    await ran(-30 * day);
    await ran(100);
    expect(await ready({ SYNC_MAX_AGE_SECONDS: "600" })).toEqual([200, "ready", about(100)]);
    expect(await ready({ SYNC_MAX_AGE_SECONDS: "60" })).toEqual([503, "stale", about(100)]);
  });

  it("is good where two clocks differ as clocks do", async () => {
    await ran(-30);
    expect(await ready({ SYNC_MAX_AGE_SECONDS: "600" })).toEqual([200, "ready", 0]);
  });
});
