import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { engines } from "../support/engines.ts";
import { type AnyStore, createStore, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

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

describe("a store that cannot respond", () => {
  it.each([
    ["is not configured", { LIBSQL_URL: "" }, /LIBSQL_URL is not set/],
    ["has an address that is none", { LIBSQL_URL: "sources.db" }, /LIBSQL_URL must be/],
    ["is a file", { LIBSQL_URL: "file:sources.db" }, /LIBSQL_URL must be/],
    ["cannot be reached", { LIBSQL_URL: "http://127.0.0.1:1" }, /the store did not answer/],
  ])("is a 503 to clients where it %s", async (_, variables, reason) => {
    await expectUnavailable(await startWorker(store, variables).list("search=needle"), reason);
  });

  it.each([
    "libsql://user:hidden@db.example:port?authToken=hidden",
    "not a URL with authToken=hidden",
    "ftp://user:hidden@db.example",
    "libsql://db.example?authToken=hidden&x=1",
  ])("never has its address in the log: %j", async (url) => {
    await expectUnavailable(await startWorker(store, { LIBSQL_URL: url }).list(), /LIBSQL_URL must be/);
    expect(log.mock.calls.flat().join("\n")).not.toMatch(/hidden|db\.example/);
  });

  it("may send 16 MiB at most, and no redirect", async () => {
    for (const fault of ["too long", "endless", "redirect"]) {
      await store.fault(fault);
      const before = await store.requests();
      await expectUnavailable(await startWorker(store).list("search=needle"), /the store did not answer/);
      expect((await store.requests()) - before, fault).toBe(1);
    }
  });
});

it("a 503 has no time to live in Cache-Status", async () => {
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

describe.each(engines)("over $engine", ({ engine, create }) => {
  let store: AnyStore;

  beforeEach(async () => {
    store = await create();
    await store.load(await readFixture("company"));
  });

  describe("a store of another version", () => {
    it.each([
      ["oauth_sources", "/sources/oauth/?search=needle"],
      ["list_state", "/sources/oauth/?search=needle"],
      ["api_tokens", "/sources/oauth/?search=needle"],
      ["source_types", "/sources/oauth/source_types/"],
    ])("is a 503 whose log line names the missing table %s and the command to run", async (table, path) => {
      await store.db.run(sql.raw(`DROP TABLE ${table}`));
      const reason = new RegExp(`the store is ${engine}, and lacks the table ${table}: run \`npm run db:migrate`);
      const response = await startWorker(store).send(path, { headers: { Authorization: `Bearer ${token}` } });
      await expectUnavailable(response, reason);
      const unready = await startWorker(store).send("/readyz");
      expect([unready.status, await unready.json()]).toEqual([
        503,
        { status: "unavailable", store: engine.toLowerCase(), problem: expect.stringMatching(reason) },
      ]);
    });

    it.each([
      ["oauth_sources", "promoted", "/sources/oauth/?ordering=promoted&search=needle"],
      ["list_state", "beside", "/sources/oauth/?search=needle"],
      ["source_types", "position", "/sources/oauth/source_types/"],
      ["api_tokens", "revoked_at", "/sources/oauth/?search=needle"],
    ])("is a 503 whose log line names, in %s, the missing column %s", async (table, column, path) => {
      await store.db.run(sql.raw(`ALTER TABLE ${table} RENAME COLUMN ${column} TO of_another_version`));
      const reason = new RegExp(`lacks the column (${table}\\.)?${column}: run \`npm run db:migrate`);
      const response = await startWorker(store).send(path, { headers: { Authorization: `Bearer ${token}` } });
      await expectUnavailable(response, reason);
    });
  });

  describe("the table of sources", () => {
    const set = (change: string) => store.db.run(sql.raw(`UPDATE oauth_sources SET ${change} WHERE slug = 'okta'`));

    it.each([
      ["no pk", "document = json_remove(document, '$.pk')"],
      ["another pk", "document = json_set(document, '$.pk', '7')"],
      ["another pk beside it", "pk = '7'"],
      ["no name", "document = json_remove(document, '$.name')"],
      ["a number for a name", "document = json_set(document, '$.name', 5)"],
      ["an object for a name", "document = json_set(document, '$.name', json('{}'))"],
      ["null for a name", "document = json_set(document, '$.name', null)"],
      ["JSON5", "document = replace(document, '\"pk\"', 'pk')"],
      ["a blob", "document = CAST(document AS blob)"],
      ["JSONB", "document = jsonb(document)"],
      ["no JSON", "document = 'none'"],
      ["nothing", "document = NULL"],
      ["a list", "document = '[]'"],
      ["the slug of another", "document = json_set(document, '$.slug', 'github')"],
      ["a consumer_secret", "document = json_set(document, '$.consumer_secret', 'x')"],
      ["no text to search", "search_text = NULL"],
    ])("refuses %s", async (_, change) => {
      await expect(set(change)).rejects.toThrow();
      expect((await startWorker(store).list()).status).toBe(200);
    });

    it.each([
      ["text for enabled", "document = json_set(document, '$.enabled', 'maybe')"],
      ["a number for enabled", "document = json_set(document, '$.enabled', 7)"],
      ["no enabled", "document = json_remove(document, '$.enabled')"],
      ["a number for a flow", "document = json_set(document, '$.enrollment_flow', 7)"],
      ["a number for promoted", "document = json_set(document, '$.promoted', 1)"],
    ])("takes %s, which counts as absent", async (_, change) => {
      await set(change);
      expect((await startWorker(store).list("ordering=enabled,promoted")).status).toBe(200);
      for (const value of [true, false]) {
        const found = await (await startWorker(store).list(`slug=okta&enabled=${value}`)).text();
        expect(found.includes('"slug":"okta"')).toBe(value && !change.includes("enabled"));
      }
    });

    it("takes a document without optional fields and with unknown ones", async () => {
      await set("document = json_remove(document, '$.managed')");
      await set("document = json_set(document, '$.promoted', json('true'), '$.novel', 7)");
      expect(await (await startWorker(store).list("slug=okta")).text()).toContain('"novel":7');
    });
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
])("a wrong AUTHENTIK_URL is a 500 that reveals nothing, and is named in the log: %j", async (url) => {
  const response = await startWorker(store, { AUTHENTIK_URL: url }).list();
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 500,
    body: { detail: "Internal server error.", code: "error" },
  });
  expect(log.mock.calls.flat().join("\n")).toMatch(/AUTHENTIK_URL/);
  expect(log.mock.calls.flat().join("\n")).not.toContain("hidden");
});
