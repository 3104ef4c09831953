import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listState } from "../../src/db/schema.ts";
import { createStore, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
let worker: ReturnType<typeof startWorker>;

beforeAll(async () => {
  // The clock stands still: responses are compared that would differ from one second to the next.
  vi.useFakeTimers({ toFake: ["Date"] });
  store = await createStore();
  await store.load(await readFixture("company"));
  worker = startWorker(store, { EDGE_CACHE: "cache-api" });
  await worker.list();
});

afterAll(() => {
  vi.useRealTimers();
});

describe("a list", () => {
  it("has the headers that a client's cache needs, and no inner ones", async () => {
    const response = await worker.list();
    expect(response.headers.get("ETag")).toMatch(/^"[0-9a-f]+"$/);
    expect(response.headers.get("Cache-Control")).toBe("private, no-cache");
    expect(response.headers.get("Vary")).toBe("Authorization");
    expect(response.headers.get("Age")).toMatch(/^[0-9]+$/);
    expect(Date.parse(response.headers.get("Date") ?? "")).toBeLessThanOrEqual(Date.now());
    expect(response.headers.get("Cache-Status")).toMatch(/^authentik-sources-edge; hit; ttl=[0-9]+/);
    for (const inner of ["Cache-Tag", "X-Generated-At", "X-Status", "X-Cache-Control"]) {
      expect(response.headers.has(inner), inner).toBe(false);
    }
  });

  it("has in Last-Modified when the list last changed", async () => {
    const changedAt = async () => (await store.db.select().from(listState))[0]?.changedAt ?? 0;
    const lastModified = async (query: string) => (await worker.list(query)).headers.get("Last-Modified");
    const before = await changedAt();
    expect(await lastModified("page_size=7")).toBe(new Date(before).toUTCString());
    expect(await lastModified("search=git")).toBe(new Date(before).toUTCString());
    await store.load(await readFixture("company"));
    expect(await changedAt()).toBe(before);
    const later = new Date("2100-01-01");
    await store.db.update(listState).set({ changedAt: later.getTime() });
    expect(await lastModified("page_size=8")).toBe(later.toUTCString());
    await store.db.update(listState).set({ changedAt: before });
  });

  it("has an ETag that depends on its body alone", async () => {
    const etag = async (query: string) => (await worker.list(query)).headers.get("ETag");
    expect(await etag("page_size=5")).toBe(await etag("page_size=05&utm_source=x"));
    expect(await etag("page_size=5")).not.toBe(await etag("page_size=6"));
  });

  it.each([
    ["the tag", (tag: string) => tag],
    ["the tag, weak", (tag: string) => `W/${tag}`],
    ["the tag, weak, in a small letter", (tag: string) => `w/${tag}`],
    ["a list", (tag: string) => `"x", W/"y",${tag} , "z"`],
    ["anything", () => "*"],
  ])("is a 304 for If-None-Match with %s", async (_, ifNoneMatch) => {
    const full = await worker.list();
    const response = await worker.list("", { "If-None-Match": ifNoneMatch(full.headers.get("ETag") ?? "") });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe("");
    for (const name of ["ETag", "Cache-Control", "Vary", "Date", "Age"]) {
      expect(response.headers.get(name), name).toBe(full.headers.get(name));
    }
    expect(response.headers.get("Cache-Status")).toContain("hit");
    expect(response.headers.has("Content-Type")).toBe(false);
  });

  it.each([
    [{}],
    [{ "If-None-Match": '"other"' }],
    [{ "If-None-Match": "" }],
    [{ "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT" }],
  ])("is a 200 for the headers %j", async (headers) => {
    expect((await worker.list("", headers)).status).toBe(200);
  });

  it("is no 304 for an error", async () => {
    expect((await worker.list("page=0", { "If-None-Match": "*" })).status).toBe(400);
    expect((await worker.list("page=9", { "If-None-Match": "*" })).status).toBe(404);
  });

  it("answers HEAD with the same headers, and 304 to it as well", async () => {
    const head = (headers = {}) =>
      worker.send("/sources/oauth/", { method: "HEAD", headers: { Authorization: `Bearer ${token}`, ...headers } });
    const full = await worker.list();
    const response = await head();
    expect(await response.text()).toBe("");
    for (const name of ["ETag", "Content-Type", "Cache-Control"])
      expect(response.headers.get(name)).toBe(full.headers.get(name));
    expect((await head({ "If-None-Match": full.headers.get("ETag") ?? "" })).status).toBe(304);
  });

  it("has the same body whatever other headers a client sends", async () => {
    const plain = await (await worker.list()).text();
    for (const [name, value] of [
      ["Accept", "text/html"],
      ["Accept-Language", "de"],
      ["X-Forwarded-Host", "evil.example"],
      ["X-Forwarded-Proto", "http"],
      ["Forwarded", "host=evil.example"],
      ["X-Original-URL", "/healthz"],
      ["Range", "bytes=0-10"],
      ["Cookie", "a=b"],
      ["Cache-Control", "no-store, no-cache"],
      ["Pragma", "no-cache"],
    ] as const) {
      const response = await worker.list("", { [name]: value });
      expect(response.status, name).toBe(200);
      expect(await response.text(), name).toBe(plain);
    }
  });
});

it("every route and status has a Cache-Control and X-Content-Type-Options", async () => {
  const authorized = { headers: { Authorization: `Bearer ${token}` } };
  const seen = new Set<number>();
  for (const response of [
    await worker.list(),
    await worker.list("", { "If-None-Match": "*" }),
    await worker.list("page=0"),
    await worker.list("page=9"),
    await worker.send("/sources/oauth/"),
    await worker.send("/sources/oauth", { redirect: "manual" }),
    await worker.send("/nowhere", authorized),
    await worker.send("/sources/oauth/", { method: "POST" }),
    await worker.send("/sources/oauth/", { method: "OPTIONS" }),
    await worker.send("/healthz"),
    await worker.send("/readyz"),
    await startWorker({ bindings: { LIBSQL_URL: "" } }).send("/readyz"),
    await startWorker(store, { AUTHENTIK_URL: "x" }).send("/healthz"),
    await startWorker(store, { CORS_ORIGINS: "https://app.example" }).send("/sources/oauth/", {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "GET" },
    }),
  ]) {
    seen.add(response.status);
    expect(response.headers.get("Cache-Control"), `${response.status} ${response.url}`).toMatch(
      /^(private, no-cache|no-store)$/,
    );
    expect(response.headers.get("X-Content-Type-Options"), `${response.status} ${response.url}`).toBe("nosniff");
  }
  expect([...seen].sort()).toEqual([200, 204, 304, 308, 400, 403, 404, 405, 500, 503]);
});

describe("health", () => {
  it.each(["/healthz", "/readyz"])("at %s has the methods of every route", async (path) => {
    const post = await worker.send(path, { method: "POST" });
    expect([post.status, post.headers.get("Allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect((await worker.send(path, { method: "OPTIONS" })).status).toBe(204);
  });

  it("is alive without a store, and ready only with one that has its tables", async () => {
    const broken = startWorker({ bindings: { LIBSQL_URL: "http://127.0.0.1:1" } });
    expect(await (await broken.send("/healthz")).json()).toEqual({ status: "ok" });
    const unready = await broken.send("/readyz");
    expect({ status: unready.status, body: await unready.json() }).toEqual({
      status: 503,
      body: { status: "unavailable", store: "libsql" },
    });

    const ready = startWorker(store);
    expect((await ready.send("/readyz")).status).toBe(200);
    const before = await store.requests();
    for (let i = 0; i < 5; i++)
      expect(await (await ready.send("/readyz")).json()).toEqual({ status: "ready", store: "libsql" });
    expect(await store.requests(), "asked every few seconds at most").toBe(before);

    const empty = await createStore();
    await empty.db.run("DROP TABLE api_tokens");
    const failing = startWorker(empty);
    const asked = await empty.requests();
    for (let i = 0; i < 5; i++) expect((await failing.send("/readyz")).status).toBe(503);
    expect(await empty.requests(), "a store that fails is asked as seldom").toBe(asked + 1);
  });
});

describe("CORS", () => {
  const origin = "https://app.example";

  it("is off where no origin is named", async () => {
    const response = await worker.list("", { Origin: origin });
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("lets the named origins read, and asks no token for a preflight", async () => {
    const open = startWorker(store, { CORS_ORIGINS: `https://other.example, ${origin}` });
    const preflight = (from: string) =>
      open.send("/api/v3/sources/oauth/", {
        method: "OPTIONS",
        headers: {
          Origin: from,
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "authorization",
        },
      });
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect(allowed.headers.get("Access-Control-Allow-Headers")).toMatch(/authorization/i);
    expect((await preflight("https://evil.example")).headers.has("Access-Control-Allow-Origin")).toBe(false);
    const { headers } = await open.list("", { Origin: origin });
    expect(headers.get("Access-Control-Expose-Headers")).toBe("ETag,Age,Cache-Status,Retry-After");

    for (const response of [
      await open.list("", { Origin: origin }),
      await open.list("", { Origin: origin, "If-None-Match": "*" }),
      await open.send("/sources/oauth/", { headers: { Origin: origin } }),
    ]) {
      expect(response.headers.get("Access-Control-Allow-Origin"), String(response.status)).toBe(origin);
      expect(response.headers.get("Vary"), String(response.status)).toContain("Origin");
    }
    expect((await open.send("/sources/oauth/", { method: "OPTIONS" })).headers.get("Allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("refuses a configuration that names no origins", async () => {
    expect((await startWorker(store, { CORS_ORIGINS: "*" }).send("/healthz")).status).toBe(500);
  });
});

describe("rate limits", () => {
  /** What the platform binds, with room for so many in all. */
  const limit = (room: number) => {
    const keys: string[] = [];
    return {
      keys,
      limit: async ({ key }: { key: string }) => ({ success: keys.push(key) <= room }),
    };
  };

  it("answer 429 to a token that asks too often", async () => {
    const TOKEN_LIMIT = limit(2);
    const limited = startWorker(store, { TOKEN_LIMIT });
    expect((await limited.list()).status).toBe(200);
    expect((await limited.list()).status).toBe(200);
    const response = await limited.list();
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 429,
      body: { detail: "Request was throttled.", code: "throttled" },
    });
    expect(response.headers.get("Retry-After")).toBe("60");
    expect(new Set(TOKEN_LIMIT.keys)).toEqual(new Set(["1"]));
  });

  it("answer 429 to an address that guesses, before the store is asked, and leave known tokens alone", async () => {
    const ADDRESS_LIMIT = limit(3);
    const limited = startWorker(store, { ADDRESS_LIMIT });
    expect((await limited.list()).status).toBe(200);
    const guess = (i: number) =>
      limited.send("/sources/oauth/", {
        headers: { Authorization: `Bearer guess-${i}`, "CF-Connecting-IP": "192.0.2.1" },
      });
    expect((await guess(1)).status).toBe(403);
    expect((await guess(2)).status).toBe(403);
    const before = await store.requests();
    expect((await guess(3)).status).toBe(429);
    expect(await store.requests()).toBe(before);
    expect((await guess(1)).status, "a guess that was seen before").toBe(403);
    expect((await limited.list("page_size=7")).status).toBe(200);
    expect(ADDRESS_LIMIT.keys.slice(1)).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1"]);
  });
});

it("the log has one line of JSON a request, without the token and the query", async () => {
  const log = vi.spyOn(console, "log");
  log.mockReset();
  log.mockImplementation(() => {});
  await worker.list("search=needle", { "X-Secret": "needle" });
  await worker.send(`/sources/ase_${"x".repeat(36)}/`);
  const lines = log.mock.calls.map(([line]) => JSON.parse(line));
  expect(lines).toEqual([
    {
      method: "GET",
      path: "/sources/oauth/",
      status: 200,
      cache: expect.stringContaining("fwd=uri-miss"),
      store: 1,
      ms: expect.any(Number),
      token: "1",
    },
    { method: "GET", path: "/sources/…/", status: 404, detail: "not replicated", store: 0, ms: expect.any(Number) },
  ]);
  expect(log.mock.calls.flat().join("\n")).not.toMatch(/needle|test-token|ase_/);
  log.mockRestore();
});
