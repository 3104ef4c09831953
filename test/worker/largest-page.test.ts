import { beforeAll, describe, expect, it, vi } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { readList } from "../../src/sync/list.ts";
import { InvalidList } from "../../src/sync/problem.ts";
import { createStore, readFixture, type TestStore } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
let worker: ReturnType<typeof startWorker>;
const [source] = (await readFixture("company")).results as [OAuthSource];

beforeAll(async () => {
  store = await createStore();
  worker = startWorker(store);
});

describe("a page", () => {
  it.each(["page=9007199254740991&page_size=1000", "page=9007199254740991&page_size=999"])(
    "so far beyond the end that its offset is no exact number is a 404: %s",
    async (query) => {
      const response = await worker.list(query);
      expect([response.status, await response.json()]).toEqual([404, { detail: "Invalid page.", code: "not_found" }]);
    },
  );

  it("of the thousand largest sources that an import takes is served", async () => {
    const jwks = {
      keys: Array.from({ length: 18 }, (_, i) => ({ kid: `${i}`, kty: "RSA", e: "AQAB", n: "x".repeat(344) })),
    };
    const row = (i: number) => ({
      ...source,
      pk: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
      slug: `source-${String(i).padStart(4, "0")}`,
      managed: null,
      oidc_jwks: jwks,
    });
    const bare = JSON.stringify(row(0)).length;
    const rows = Array.from({ length: 1_000 }, (_, i) => ({ ...row(i), additional_scopes: "x".repeat(8_388 - bare) }));
    await store.load(rows);
    // Where a core is busy, the store may take longer than the 2 s that it has.
    const text = await vi.waitFor(async () => {
      const response = await worker.list("page_size=1000");
      expect(response.status).toBe(200);
      return response.text();
    }, 60_000);
    expect(text.length).toBeGreaterThan(8_380_000);
  });
});

it("an import looks at no row after ten problems", () => {
  const getPrototypeOf = () => {
    throw new Error("the row was looked at");
  };
  expect(() => readList([...Array(10).fill(0), new Proxy({}, { getPrototypeOf })])).toThrow(InvalidList);
});

it("a source that is nested a million deep is read to the end, held, and warned of by name", () => {
  const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
  const text = JSON.stringify([{ ...source, oidc_jwks: "@" }]).replace('"@"', deep);
  expect(readList(JSON.parse(text))).toMatchObject({
    held: [source.pk],
    warnings: { count: 1, first: [{ source: source.slug, key: "oidc_jwks", what: "too_deep" }] },
  });
});
