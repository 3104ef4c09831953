import { sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { readReadiness } from "../../src/store/ready.ts";
import { listRuns, recordRun, type SyncRun } from "../../src/sync/runs.ts";
import { createFileStore } from "../support/sync-store.ts";

let store: Awaited<ReturnType<typeof createFileStore>>;

beforeEach(async () => {
  store = await createFileStore();
});

const icons = { stored: 0, failed: 0 };
const failed: SyncRun = {
  ...{ startedAt: 0, durationMs: 7, trigger: "cron", upstream: "https://authentik.example/", outcome: "failed" },
  ...{ added: null, changed: null, removed: null, unchanged: null, renewed: 0, error: "answered 404" },
  ...{ warnings: 0, firstWarnings: [] },
};
const good: SyncRun = {
  ...failed,
  outcome: "unchanged",
  error: null,
  added: 0,
  changed: 0,
  removed: 0,
  unchanged: 12,
  warnings: 2,
};

describe("recordRun", () => {
  it("keeps a run as it is", async () => {
    await recordRun(store.db, good);
    expect(await store.runs()).toEqual([{ id: 1, ...good }]);
  });

  it("forgets all but the last thousand runs and the last good one", async () => {
    await recordRun(store.db, good);
    await recordRun(store.db, good);
    await store.db.run(sql`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO sync_runs (started_at, duration_ms, "trigger", upstream, outcome) SELECT 0, 0, 'cron', '', 'failed' FROM n`);
    for (let i = 0; i < 3; i++) await recordRun(store.db, failed);
    const ids = (await store.runs()).map(({ id }) => id);
    expect(ids).toHaveLength(1_001);
    expect(ids.slice(0, 2)).toEqual([2, 6]);
    await recordRun(store.db, { ...good, outcome: "changed" });
    expect((await store.runs()).map(({ id }) => id).slice(0, 2)).toEqual([7, 8]);
  });
});

describe("readReadiness", () => {
  it("says that no run was good where none was", async () => {
    expect(await readReadiness(store.db)).toEqual({ syncedAt: null, isEmpty: true });
    await recordRun(store.db, failed);
    expect(await readReadiness(store.db)).toEqual({ syncedAt: null, isEmpty: true });
  });

  it("passes over runs that failed or were superseded", async () => {
    await recordRun(store.db, { ...good, startedAt: 1_000, trigger: "webhook" });
    await recordRun(store.db, { ...failed, startedAt: 2_000 });
    await recordRun(store.db, { ...failed, startedAt: 3_000, outcome: "superseded" });
    expect(await readReadiness(store.db)).toEqual({ syncedAt: 1_000, trigger: "webhook", warnings: 2, icons });
    await recordRun(store.db, { ...good, startedAt: 4_000, outcome: "changed" });
    expect(await readReadiness(store.db)).toEqual({ syncedAt: 4_000, trigger: "cron", warnings: 2, icons });
  });

  it.each(["list_state", "oauth_sources", "source_types", "api_tokens", "sync_runs"])(
    "says what makes the table %s where that is missing",
    async (table) => {
      await store.db.run(sql.raw(`DROP TABLE ${table}`));
      const remedy = `the store is libSQL, and lacks the table ${table}: run \`npm run db:migrate\``;
      expect(await readReadiness(store.db)).toEqual({ syncedAt: null, remedy });
    },
  );
});

describe("listRuns", () => {
  it("gives the newest runs, the newest first, and the last good one, however old", async () => {
    await recordRun(store.db, good);
    for (let i = 0; i < 4; i++) await recordRun(store.db, failed);
    const { runs, lastGood } = await listRuns(store.db, 3);
    expect(runs.map(({ id }) => id)).toEqual([5, 4, 3]);
    expect(lastGood).toEqual({ id: 1, ...good });
  });
});
