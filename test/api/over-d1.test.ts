import { beforeAll, describe, expect, it } from "vitest";
import type { WritableDatabase } from "../../src/db/database.ts";
import type { SourcesPage } from "../../src/source/source.ts";
import { readList } from "../../src/sync/list.ts";
import { listRuns } from "../../src/sync/runs.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { ask, list, logged, openHarnessD1, runScheduled, tokens, until, upstream } from "../support/harness.ts";
import { readFixture } from "../support/run.ts";
import { generateSources, servePages } from "../support/upstream.ts";

let db: WritableDatabase;

beforeAll(async () => {
  db = await openHarnessD1();
  await replaceSources(db, readList(readFixture("company")), { now: Date.now() });
});

async function readPage(query = ""): Promise<SourcesPage> {
  const response = await list("d1", query);
  expect(response.status).toBe(200);
  return (await response.json()) as SourcesPage;
}

describe("a Worker over D1", () => {
  it("serves the list, a source of it and the source types", async () => {
    await until(async () => expect(await readPage()).toEqual(readFixture("company")));
    const headers = { Authorization: `Bearer ${tokens.reader}` };
    const [source] = readFixture("company").results;
    expect(await (await ask("d1", `/sources/oauth/${source?.slug}/`, { headers })).json()).toEqual(source);
    const types = await (await ask("d1", "/sources/oauth/source_types/", { headers })).json();
    expect(types).toContainEqual(expect.objectContaining({ name: "okta" }));
    expect((await list("d1", "", "nobody")).status).toBe(403);
  });

  it("takes 1,500 sources more by its scheduled job", async () => {
    const rows = [...readFixture("company").results, ...generateSources(1_500, "New")];
    upstream.behaviour = servePages(rows);
    expect(await runScheduled("d1")).toMatchObject({ outcome: "ok" });
    await until(async () => {
      const { runs } = await listRuns(db, 1);
      expect(runs).toMatchObject([{ trigger: "cron", outcome: "changed", error: null }]);
    });
    expect(logged().join("\n")).toMatch(/\{"job":"sync".*"outcome":"changed"/);
    await until(async () => expect((await readPage("page_size=1")).pagination.count).toBe(rows.length));
    const { results } = await readPage("page_size=1000&page=2&search=new&ordering=slug");
    expect(results.map(({ name }) => name)).toEqual(Array.from({ length: 500 }, (_, i) => `New ${1_000 + i}`));
    await until(async () =>
      expect(await (await ask("d1", "/readyz")).json()).toMatchObject({ sync: { trigger: "cron" } }),
    );
  });
});
