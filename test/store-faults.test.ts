import { eq, sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { oauthSources } from "../src/db/schema.ts";
import { createStore, readFixture, type TestStore } from "./support/store.ts";
import { startWorker } from "./support/worker.ts";

let store: TestStore;
const log = vi.spyOn(console, "error");

beforeEach(async () => {
  log.mockReset();
  log.mockImplementation(() => {});
  store = await createStore();
  await store.load(await readFixture("company"));
});

afterEach(() => {
  for (const [line] of log.mock.calls) expect(line).not.toContain("needle");
});

/** Every fault is the same 503 to a client, and tells the operator its reason in the log. */
async function expectUnavailable(response: Response, reason: RegExp) {
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 503,
    body: { detail: "The store is unavailable.", code: "unavailable" },
  });
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(log.mock.calls.flat().join("\n")).toMatch(reason);
}

describe("a store that cannot answer", () => {
  it.each([
    ["is not configured", { LIBSQL_URL: "" }, /LIBSQL_URL is not set/],
    ["has an address that is none", { LIBSQL_URL: "sources.db" }, /LIBSQL_URL must be/],
    ["is a file", { LIBSQL_URL: "file:sources.db" }, /LIBSQL_URL must be/],
    ["cannot be reached", { LIBSQL_URL: "http://127.0.0.1:1" }, /the store did not answer/],
  ])("gives 503 where it %s", async (_, variables, reason) => {
    await expectUnavailable(await startWorker(store, variables).list("search=needle"), reason);
  });

  it.each(["oauth_sources", "api_tokens", "source_types"])(
    "says that migrations are missing, and what to run, without %s",
    async (table) => {
      await store.db.run(sql.raw(`DROP TABLE ${table}`));
      const reason = new RegExp(`lacks the table ${table}: run \`npm run db:migrate\`.*wrangler d1 migrations apply`);
      await expectUnavailable(await startWorker(store).list("search=needle"), reason);
    },
  );

  it.each([
    "libsql://user:hidden@db.example:port?authToken=hidden",
    "not a URL with authToken=hidden",
    "ftp://user:hidden@db.example",
    "libsql://db.example?authToken=hidden&x=1",
  ])("never has its address in the log: %j", async (url) => {
    await expectUnavailable(await startWorker(store, { LIBSQL_URL: url }).list(), /LIBSQL_URL must be/);
    expect(log.mock.calls.flat().join("\n")).not.toMatch(/hidden|db\.example/);
  });

  it("may answer with 16 MiB at most, and is not followed to other addresses", async () => {
    for (const fault of ["too long", "endless", "redirect"]) {
      await store.fault(fault);
      const before = await store.requests();
      await expectUnavailable(await startWorker(store).list("search=needle"), /the store did not answer/);
      expect((await store.requests()) - before, fault).toBe(1);
    }
  });
});

it("names no time to live for a 503, which is never kept", async () => {
  for (const variables of [{ EDGE_CACHE: "off" }, { EDGE_CACHE: "cache-api" }] as const) {
    const worker = startWorker(store, variables);
    await worker.list("page_size=3");
    await store.fault("500");
    const response = await worker.list(`search=${crypto.randomUUID()}`);
    await store.fault("none");
    expect(response.status).toBe(503);
    expect(response.headers.get("Cache-Status") ?? "").not.toContain("ttl");
  }
});

describe("a row that breaks the contract", () => {
  it.each([
    ["pk", { pk: "no-uuid" }],
    ["slug", { slug: "no slug" }],
    ["a flow", { enrollmentFlow: "x" }],
    ["a URL", { profileUrl: "x".repeat(256) }],
  ])("never becomes a 200: %s", async (_, change) => {
    await store.db.update(oauthSources).set(change).where(eq(oauthSources.slug, "okta"));
    await expectUnavailable(await startWorker(store).list(), /breaks the contract/);
  });

  it("never becomes a 200: a type with a hole in it", async () => {
    await store.db.run(sql`UPDATE source_types SET type = '{"name":"okta"}' WHERE provider_type = 'okta'`);
    await expectUnavailable(await startWorker(store).list(), /breaks the contract/);
  });

  it("is not in the way of the others", async () => {
    await store.db.update(oauthSources).set({ pk: "no-uuid" }).where(eq(oauthSources.slug, "okta"));
    expect((await startWorker(store).list("slug=github")).status).toBe(200);
  });
});

it.each([
  "id.example",
  "https://user:hidden@id.example",
  "https://id.example/?token=hidden",
  "https://id.example/#hidden",
  " https://id.example",
  "https:id.example",
  "http:\\\\id.example",
])(
  "answers 500 without a word from inside where AUTHENTIK_URL is %j, and names the variable in the log",
  async (url) => {
    const response = await startWorker(store, { AUTHENTIK_URL: url }).list();
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: { detail: "Internal server error.", code: "error" },
    });
    expect(log.mock.calls.flat().join("\n")).toMatch(/AUTHENTIK_URL/);
    expect(log.mock.calls.flat().join("\n")).not.toContain("hidden");
  },
);
