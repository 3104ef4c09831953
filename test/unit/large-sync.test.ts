import { describe, expect, it } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { listQuerySchema } from "../../src/source/query.ts";
import type { SourcesPage } from "../../src/source/source.ts";
import { readPage } from "../../src/store/page.ts";
import { countRequests, never, startLargeSync } from "../support/large-sync.ts";

describe("the requests of a sync, which docs/operations.md counts against the platform's limits", () => {
  it.each([
    [10, { unchanged: 8, changed: 8 }],
    [1_000, { unchanged: 9, changed: 9 }],
  ])("are these for %d sources", async (count, expected) => {
    expect(await countRequests(count)).toEqual(expected);
  });
});

describe("readers of a list of 800 sources", () => {
  const count = 800;

  it("have the old list while a sync writes the new one, whole, and need not wait for the write to end", async () => {
    const { url, serve, sync, close } = await startLargeSync();
    serve("Old", count);
    await sync(fetch);
    const db = openLibsql({ url, timeout: never });
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
    await close();
  });
});
