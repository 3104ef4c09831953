import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createSourcesApp } from "../../src/gateway/app.ts";
import { createStore, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const help = '</docs/>; rel="help"';
const headers = { Authorization: `Bearer ${token}` };
const notFound = { detail: "Not found.", code: "not_found" };

let store: TestStore;
let worker: ReturnType<typeof startWorker>;
const log = vi.spyOn(console, "log");

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
  worker = startWorker(store);
});

beforeEach(() => {
  log.mockReset().mockImplementation(() => {});
});
afterEach(() => {
  log.mockReset();
});

const lines = () => log.mock.calls.map(([line]) => JSON.parse(line));

/** What people's scripts for authentik call. */
const authentikPaths = [
  "/api/v3/root/config/",
  "/api/v3/admin/version/",
  "/api/v3/core/users/me/",
  "/api/v3/sources/all/",
  "/api/v3/sources/oauth/github/used_by/",
  "/api/v3/",
  "/api/v2/sources/oauth/",
  "/nowhere",
];

describe("a request for what is at authentik alone", () => {
  it.each(authentikPaths.flatMap((path) => ["GET", "POST"].map((method) => [method, path])))(
    "is a 404 with a link to the page that says so: %s %s",
    async (method, path) => {
      const response = await worker.send(path, { method, headers });
      expect([response.status, await response.json()]).toEqual([404, notFound]);
      expect(response.headers.get("Link")).toBe(help);
      expect(lines()).toMatchObject([{ method, path, status: 404, detail: "not replicated" }]);
    },
  );

  it.each([
    ["POST", "/api/v3/sources/oauth/"],
    ["PATCH", "/api/v3/sources/oauth/github/"],
    ["DELETE", "/sources/oauth/github/"],
    ["PUT", "/sources/oauth/source_types/"],
    ["POST", "/healthz"],
    ["POST", "/readyz"],
    ["POST", "/status"],
  ])("is a 405 with the link: %s %s", async (method, path) => {
    const response = await worker.send(path, { method, headers });
    expect([response.status, await response.json()]).toEqual([
      405,
      { detail: `Method "${method}" not allowed.`, code: "method_not_allowed" },
    ]);
    expect([response.headers.get("Link"), response.headers.get("Allow")]).toEqual([help, "GET, HEAD, OPTIONS"]);
    expect(lines()).toMatchObject([{ method, path, status: 405, detail: "not replicated" }]);
  });

  it.each([
    [200, "/sources/oauth/"],
    [400, "/sources/oauth/?page=0"],
    [404, "/sources/oauth/?page=99"],
    [404, "/sources/oauth/nobody/"],
    [404, "/api/v3/sources/oauth/no.slug/"],
    [404, "/sources/oauth/nobody"],
    [308, "/sources/oauth"],
    [200, "/healthz"],
  ])("is no %i of %s, which has no link", async (status, path) => {
    const response = await worker.send(path, { headers, redirect: "manual" });
    expect([response.status, response.headers.get("Link")]).toEqual([status, null]);
    const [line] = lines();
    expect(line ?? {}).not.toHaveProperty("detail");
  });

  it("keeps the headers of CORS beside the link", async () => {
    const Origin = "https://app.example";
    const open = startWorker(store, { CORS_ORIGINS: Origin });
    for (const [method, path] of [
      ["GET", "/nowhere"],
      ["POST", "/sources/oauth/"],
    ] as const) {
      const response = await open.send(path, { method, headers: { Origin } });
      expect(response.headers.get("Link")).toBe(help);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe(Origin);
    }
  });
});

describe("an app in a host, which has no such page,", () => {
  it("gives a 405 without a link, and leaves unknown paths to the host", async () => {
    const app = createSourcesApp({ database: store.open, cache: false });
    const post = await app.request("/sources/oauth/", { method: "POST" });
    expect([post.status, post.headers.get("Link")]).toEqual([405, null]);
    expect(await (await app.request("/nowhere")).text()).toBe("404 Not Found");
  });
});
