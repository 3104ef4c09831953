import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { listQuerySchema } from "../../src/source/query.ts";
import type { SourcesPage } from "../../src/source/source.ts";
import { readPage } from "../../src/store/page.ts";
import { syncSources } from "../../src/sync/run.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let server: LibsqlBridge;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

/** An empty store, served. */
async function startStore() {
  const { file } = await createFileStore();
  server = await startLibsqlBridge({ file });
}

/** Makes authentik have sources of a name, a thousand a page. */
function serve(name: string, count: number) {
  const rows = generateSources(count, name);
  const pages = Array.from({ length: Math.ceil(count / 1_000) }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
  upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");
}

/** Time is no matter here: the machine may be busy. */
const never = () => new AbortController().signal;

async function sync(through: typeof fetch) {
  const db = openLibsql({ url: server.url, fetch: through, timeout: never });
  const run = await syncSources(db, { upstream: upstream.origin, token: "t", fetch: through });
  expect(run.error).toBe(null);
}

describe("the requests of a sync, which docs/operations.md counts against the platform's limits", () => {
  it.each([
    [10, { unchanged: 6, changed: 7 }],
    [1_000, { unchanged: 7, changed: 8 }],
    [10_000, { unchanged: 35, changed: 36 }],
  ])("are these for %d sources", async (count, expected) => {
    await startStore();
    const requestsOf = async (name: string) => {
      serve(name, count);
      let requests = 0;
      await sync((...args) => {
        requests++;
        return fetch(...args);
      });
      return requests;
    };
    await requestsOf("Old");
    expect({ unchanged: await requestsOf("Old"), changed: await requestsOf("New") }).toEqual(expected);
    await server.close();
  });
});

describe("readers of a list of 800 sources", () => {
  const count = 800;

  it("have the old list while a sync writes the new one, whole, and need not wait for the write to end", async () => {
    await startStore();
    serve("Old", count);
    await sync(fetch);
    const db = openLibsql({ url: server.url, timeout: never });
    let isWriting = false;
    let duringWrite = 0;
    const seen = new Set<string>();
    async function read(page: number) {
      const beganInWrite = isWriting;
      const query = listQuerySchema.parse({ page: String(page), page_size: "200" });
      const read = await readPage(db, query, "https://authentik.example");
      const { pagination, results }: SourcesPage = JSON.parse(read?.body ?? "");
      expect({ count: pagination.count, length: results.length }).toEqual({ count, length: 200 });
      const names = [...new Set(results.map(({ name }) => name.split(" ")[0]))].join();
      if (beganInWrite && isWriting && names === "Old") duringWrite++;
      seen.add(names);
    }
    serve("New", count);
    let isDone = false;
    const reading = (async () => {
      for (let i = 0; !isDone; i++) await read((i % 4) + 1);
    })();
    await sync(async (input, init) => {
      const request = new Request(input, init);
      isWriting = /delete from/i.test(await request.clone().text());
      return fetch(request).finally(() => {
        isWriting = false;
      });
    });
    isDone = true;
    await reading;
    await read(1);
    expect([...seen]).toEqual(["Old", "New"]);
    expect(duringWrite).toBeGreaterThan(0);
    await server.close();
  });
});
