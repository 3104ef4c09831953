import { join } from "node:path";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { oauthSources } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";

const requests = 2_000;
const atOnce = 16;
/** What README.md promises. */
const boundMs = 60_000;

const file = join(temporaryFolder(), "outage.db");
const db = openStore(`file:${file}`, undefined);
let server: LibsqlBridge;
let dev: DevServer;

beforeAll(async () => {
  await migrateStore(db);
  await replaceSources(db, readList(readFixture("company")), { now: Date.now() });
  await storeToken(db, "outage", { name: "outage", scope: "sources:read", createdAt: 0, expiresAt: null });
  server = await startLibsqlBridge({ file });
  dev = await startDev(["--port", "0"], { LIBSQL_URL: server.url });
});

afterAll(async () => {
  await dev.stop();
  await server.close();
});

const keys = Array.from({ length: 20 }, (_, i) => `page_size=${i + 1}`);

const list = (query: string) =>
  fetch(`${dev.origin}/sources/oauth/?${query}`, { headers: { Authorization: "Bearer outage" } });

it(`loses none of ${requests} requests over warm keys while the store dies, and is fresh again after it is back`, async () => {
  for (const key of keys) expect((await list(key)).status).toBe(200);

  const statuses = new Map<number, number>();
  let sent = 0;
  const port = Number(new URL(server.url).port);
  async function worker() {
    while (sent < requests) {
      const number = sent++;
      if (number === requests / 4) await server.close();
      const response = await list(keys[number % keys.length] ?? "");
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  expect([...statuses]).toEqual([[200, requests]]);

  await db
    .update(oauthSources)
    .set({ document: sql`json_set(document, '$.name', 'After the outage')` })
    .where(eq(oauthSources.slug, "apple"));
  await new Promise((resolve) => setTimeout(resolve, 3_500)); // so that what is fresh has run out
  const stale = await list("page_size=1");
  expect(await stale.text()).toContain('"name":"Apple","slug":"apple"');
  expect(stale.headers.get("Cache-Status")).toContain("stale-if-error");

  server = await startLibsqlBridge({ file, port });
  const back = Date.now();
  while (!(await (await list("page_size=1")).text()).includes("After the outage")) {
    expect(Date.now() - back).toBeLessThan(boundMs);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
