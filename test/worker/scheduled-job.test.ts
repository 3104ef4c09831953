import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { oauthSources, syncRuns } from "../../src/db/schema.ts";
import type { Trigger } from "../../src/sync/runs.ts";
import type { Bindings } from "../../src/worker.ts";
import worker, { Sources } from "../../src/worker.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, readFixture } from "../support/store.ts";
import { authentikUrl, startWorker } from "../support/worker.ts";

const token = "ak-0123456789abcdef-secret";

describe.each(engines)("over $engine", ({ engine, create, passingFailure }) => {
  let store: AnyStore;
  let logged: string[];

  beforeEach(async () => {
    store = await create();
    logged = [];
    for (const name of ["log", "error"] as const) {
      vi.spyOn(console, name).mockImplementation((line) => logged.push(line));
    }
  });

  afterEach(() => vi.restoreAllMocks());

  const runJob = (variables: Bindings = {}) =>
    worker.scheduled(createScheduledController(), {
      ...store.bindings,
      AUTHENTIK_URL: authentikUrl,
      AUTHENTIK_SYNC_URL: `${inject("labUrl")}/authentik/company`,
      AUTHENTIK_TOKEN: token,
      ...variables,
    });

  describe("the scheduled job", () => {
    it("brings the list, tells the cache where something has changed, and logs a line", async () => {
      const invalidate = vi.spyOn(Sources.prototype, "invalidate");
      // What is loaded from then on is to be the new list.
      let sources = 0;
      invalidate.mockImplementationOnce(async () => {
        sources = await store.db.$count(oauthSources);
        return true;
      });
      await runJob();
      expect(sources).toBe(12);
      expect(invalidate).toHaveBeenCalledTimes(1);
      await runJob();
      expect(invalidate).toHaveBeenCalledTimes(1);
      expect(invalidate).toHaveBeenLastCalledWith("all");
      // An icon that there was not, or that is another one, is told too, and nothing of the list.
      await store.db.run("DELETE FROM icons");
      await runJob();
      expect(invalidate).toHaveBeenCalledTimes(2);
      expect(invalidate).toHaveBeenLastCalledWith("icons");

      const lines = logged.map((line) => JSON.parse(line)).filter((line) => line.job === "sync");
      const upstream = `${inject("labUrl")}/authentik/company`;
      expect(lines).toMatchObject([
        { outcome: "changed", upstream, added: 12, error: null },
        { outcome: "unchanged", upstream, unchanged: 12, error: null },
        { outcome: "unchanged", upstream, unchanged: 12, error: null },
      ]);
      expect(await store.db.select({ outcome: syncRuns.outcome }).from(syncRuns)).toEqual([
        { outcome: "changed" },
        { outcome: "unchanged" },
        { outcome: "unchanged" },
      ]);
      expect(await (await startWorker(store).send("/readyz")).json()).toMatchObject({
        sync: { icons: { stored: 12, failed: 0 } },
      });
    });

    it("is off without a token", async () => {
      const before = await store.requests();
      await runJob({ AUTHENTIK_TOKEN: "" });
      expect(await store.requests()).toBe(before);
      expect(logged).toEqual([]);
    });

    it.each([
      [{ AUTHENTIK_SYNC_URL: "http://authentik.example" }, "is not https"],
      [{ AUTHENTIK_SYNC_URL: "authentik" }, "must be an https:// URL"],
      [{ AUTHENTIK_SYNC_URL: "", AUTHENTIK_URL: "" }, "must be an https:// URL"],
      [{ AUTHENTIK_TOKEN: `${token} x` }, "the token holds characters"],
    ])("logs and records a run that fails: %j", async (variables, message) => {
      const invalidate = vi.spyOn(Sources.prototype, "invalidate");
      await runJob(variables);
      expect(logged).toHaveLength(1);
      expect(JSON.parse(logged[0] ?? "")).toMatchObject({ job: "sync", outcome: "failed" });
      expect(logged[0]).toContain(message);
      expect(logged[0]).not.toContain(token);
      expect(await store.db.select().from(syncRuns)).toMatchObject([{ outcome: "failed" }]);
      expect(invalidate).not.toHaveBeenCalled();
    });

    it("logs a run that fails where the store does, and asks it but once for each statement", async () => {
      await store.fault(passingFailure);
      const before = await store.requests();
      await runJob();
      expect(JSON.parse(logged[0] ?? "")).toMatchObject({ outcome: "failed", added: null });
      expect(logged[0]).toMatch(/the store failed: .*\\nthe run could not be recorded: /);
      expect((await store.requests()) - before).toBe(2);
    });

    it("has taken what it wrote where telling the cache fails", async () => {
      vi.spyOn(Sources.prototype, "invalidate").mockRejectedValue(new Error("no cache today"));
      await runJob();
      expect(await store.db.$count(oauthSources)).toBe(12);
      expect(logged.map((line) => JSON.parse(line))).toMatchObject([
        { outcome: "changed" },
        { job: "sync", error: "the cache could not be told: no cache today" },
      ]);
    });

    it("cannot be started by a request", async () => {
      const { send } = startWorker(store, { AUTHENTIK_TOKEN: token });
      for (const path of ["/__scheduled", "/cdn-cgi/local/scheduled", "/cdn-cgi/handler/scheduled"]) {
        expect((await send(path)).status).toBe(404);
      }
      expect(await store.db.select().from(syncRuns)).toEqual([]);
    });

    it("is no reason to serve nothing, however wrong its address is", async () => {
      await store.load(await readFixture("company"));
      expect((await startWorker(store, { AUTHENTIK_SYNC_URL: "::", AUTHENTIK_TOKEN: token }).list()).status).toBe(200);
    });
  });

  describe("/readyz", () => {
    const ran = (secondsAgo: number, outcome: "unchanged" | "failed" | "superseded", trigger: Trigger = "cron") =>
      store.db.insert(syncRuns).values({
        startedAt: Date.now() - secondsAgo * 1000,
        durationMs: 900,
        trigger,
        upstream: "https://authentik.example/",
        outcome,
        error: "a secret of the inside",
        warnings: secondsAgo / 100,
      });

    const ofStore = { store: engine.toLowerCase() };

    async function ready(variables: Bindings = {}) {
      const response = await startWorker(store, variables).send("/readyz");
      return [response.status, await response.json()];
    }

    it("says nothing of a sync that never was, unless one is asked for, and what fills an empty store", async () => {
      const problem = expect.stringMatching(/has no sources yet: run `npm run /);
      expect(await ready()).toEqual([200, { ...ofStore, status: "ready", problem }]);
      await ran(5, "failed");
      expect(await ready()).toEqual([200, { ...ofStore, status: "ready", problem }]);
      expect(await ready({ SYNC_MAX_AGE_SECONDS: "600" })).toEqual([503, { ...ofStore, status: "stale", problem }]);
    });

    it("gives the age of the last good run, what started it and its warnings, and is not ready where that is over the limit", async () => {
      await ran(900, "unchanged", "command");
      await ran(700, "unchanged", "webhook");
      await ran(5, "failed");
      await ran(5, "superseded");
      const seconds = expect.toSatisfy((age: number) => age >= 700 && age < 720);
      const age = { sync: { age_seconds: seconds, trigger: "webhook", warnings: 7, icons: { stored: 0, failed: 0 } } };
      expect(await ready()).toEqual([200, { ...ofStore, status: "ready", ...age }]);
      expect(await ready({ SYNC_MAX_AGE_SECONDS: "900" })).toEqual([200, { ...ofStore, status: "ready", ...age }]);
      expect(await ready({ SYNC_MAX_AGE_SECONDS: "600" })).toEqual([503, { ...ofStore, status: "stale", ...age }]);
    });

    it("is not ready over a store that lacks the table", async () => {
      await store.db.run("DROP TABLE sync_runs");
      const problem = expect.stringContaining("lacks the table sync_runs: run `npm run db:migrate");
      expect(await ready()).toEqual([503, { ...ofStore, status: "unavailable", problem }]);
    });
  });
});
