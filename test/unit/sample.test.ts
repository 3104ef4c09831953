import { describe, expect, it } from "vitest";
import { fill } from "../../tools/dev/start-store.ts";
import { holdsSample, sampleList } from "../../tools/sample.ts";
import sample from "../../tools/sample-company.json" with { type: "json" };
import { runTool } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

describe("the sample company", () => {
  it("gives way to the first real sync, and to no accident after it", async () => {
    const store = await createFileStore();
    await fill(store.db, "dev-token", {});
    expect(await holdsSample(store.db)).toBe(true);
    const upstream = await startUpstream(servePages(generateSources(12)));
    const variables = { LIBSQL_URL: store.url, AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "ak" };
    expect(await runTool("sync", ["--dry-run"], variables)).toMatchObject({ code: 0 });
    expect(await runTool("sync", [], variables)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("removed 12"),
    });
    expect(await holdsSample(store.db)).toBe(false);
    upstream.behaviour = servePages([]);
    expect(await runTool("sync", [], variables)).toMatchObject({ code: 1 });
    await upstream.close();
  });

  it("is not put in where a sync is configured, and is taken out there", async () => {
    const store = await createFileStore();
    expect(await fill(store.db, "dev-token", { AUTHENTIK_TOKEN: "ak" })).toBe("0 sources");
    expect(await fill(store.db, "dev-token", {})).toContain(`${sampleList().documents.length} sources of a sample`);
    expect(await fill(store.db, "dev-token", { AUTHENTIK_TOKEN: "ak" })).toBe("0 sources");
  });

  it("is none of a store that has a source besides, or nothing", async () => {
    const store = await createFileStore();
    expect(await holdsSample(store.db)).toBe(false);
    const mixed = await createFileStore([
      ...sample.results,
      { ...generateSources(1)[0], pk: "ffffffff-ffff-4fff-bfff-ffffffffffff" },
    ]);
    expect(await holdsSample(mixed.db)).toBe(false);
    const half = await createFileStore([...sample.results.slice(6), ...generateSources(6)]);
    expect(await holdsSample(half.db)).toBe(false);
  });
});
