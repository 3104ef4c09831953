import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oauthSources } from "../../src/db/schema.ts";
import { list, stores, until } from "../support/harness.ts";
import { readFixture } from "../support/run.ts";

const requests = 800;
const atOnce = 16;
const keys = Array.from({ length: 20 }, (_, i) => `page_size=${i + 1}`);
const store = stores.company;

const firstPage = async () => (await list("company", "page_size=1")).text();
const before = '"name":"Apple","slug":"apple"';

beforeAll(async () => {
  await store.load(readFixture("company"));
  // Another file may have left another list in the cache.
  await until(async () => expect(await firstPage()).toContain(before));
});

let isUp = true;
async function stopStore() {
  isUp = false;
  await store.stop();
}

afterAll(async () => {
  if (!isUp) await store.start();
});

describe("a Worker whose store dies", () => {
  it(`loses none of ${requests} requests over warm keys, and is fresh again after the store is back`, async () => {
    for (const key of keys) expect((await list("company", key)).status).toBe(200);

    const statuses = new Map<number, number>();
    let sent = 0;
    async function send() {
      while (sent < requests) {
        const number = sent++;
        if (number === requests / 4) await stopStore();
        const response = await list("company", keys[number % keys.length]);
        await response.arrayBuffer();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    }
    await Promise.all(Array.from({ length: atOnce }, send));
    expect([...statuses]).toEqual([[200, requests]]);

    await store.db
      .update(oauthSources)
      .set({ document: sql`json_set(document, '$.name', 'After the outage')` })
      .where(eq(oauthSources.slug, "apple"));
    // Once what was fresh has run out.
    await until(async () => {
      const { headers } = await list("company", "page_size=1");
      expect(headers.get("Cache-Status")).toContain("stale-if-error");
    });
    expect(await firstPage()).toContain(before);

    await store.start();
    isUp = true;
    // Within the 60 s that README.md promises, for which `until` waits.
    await until(async () => expect(await firstPage()).toContain("After the outage"));
  });
});
