import { beforeAll, describe, expect, it } from "vitest";
import { sourcesPageSchema } from "../../src/source/source.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, readFixture } from "../support/store.ts";
import { authentikUrl, startWorker } from "../support/worker.ts";

describe.each(engines)("GET /sources/oauth/ over $engine", ({ create }) => {
  let store: AnyStore;
  let worker: ReturnType<typeof startWorker>;

  beforeAll(async () => {
    store = await create();
    await store.load(await readFixture("company"));
    worker = startWorker(store);
  });

  it.each(["/sources/oauth/", "/api/v3/sources/oauth/"])(
    "gives the imported list byte for byte at %s",
    async (path) => {
      const response = await worker.send(path, { headers: { Authorization: "Bearer test-token" } });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      const expected = JSON.stringify(await readFixture("company")).replaceAll(
        "http://authentik.example",
        authentikUrl,
      );
      expect(text).toBe(expected);
      sourcesPageSchema.parse(JSON.parse(text));
    },
  );

  it("sends one query for rows and count, and one for a new token", async () => {
    const fresh = startWorker(store);
    const before = await store.requests();
    await fresh.list("search=git&page_size=2");
    expect(await store.requests()).toBe(before + 2);
    await fresh.list("search=git&page_size=3");
    expect(await store.requests()).toBe(before + 3);
  });
});
