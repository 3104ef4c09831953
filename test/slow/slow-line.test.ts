import { describe, expect, it } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { syncSources } from "../../src/sync/run.ts";
import { startSlowLine } from "../support/slow-line.ts";
import { sqldPath, startSqld } from "../support/sqld.ts";
import { fillServer } from "../support/stores.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

const count = 10_000;
const delayMs = 300;

describe.skipIf(!sqldPath)(`a line to sqld with ${delayMs} ms of delay each way`, () => {
  it(`carries a sync of ${count} new sources, in 5 requests at most beyond those that read`, async () => {
    const sqld = await startSqld();
    const store = await fillServer(sqld);
    const line = await startSlowLine(sqld.url, delayMs);
    const upstream = await startUpstream();
    const rows = generateSources(count, "New");
    const pages = Array.from({ length: 10 }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
    upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");

    const begun = performance.now();
    const db = openLibsql({ url: line.url, isWritable: true });
    const run = await syncSources(db, { upstream: upstream.origin, token: "t" });
    console.info(`${Math.round(performance.now() - begun)} ms, ${line.bodies.length} requests to the store`);
    expect(run).toMatchObject({ outcome: "changed", added: count, error: null });
    expect(await store.state()).toMatchObject({ count });
    const writes = line.bodies.filter((body) => /insert|update|delete/i.test(body));
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThanOrEqual(5);
    expect(line.bodies.length - writes.length, "an empty store is read in three").toBe(3);
    const again = await syncSources(db, { upstream: upstream.origin, token: "t" });
    expect(again).toMatchObject({ outcome: "unchanged", unchanged: count, error: null });
    await Promise.all([line.close(), upstream.close()]);
    await sqld.close();
  });
});
