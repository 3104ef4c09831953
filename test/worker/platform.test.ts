// Holds P13: docs/promises.md.

import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import { createTrustedSourcesClient } from "../../src/client.ts";
import { reply } from "../../src/gateway/reply.ts";
import { canonicalQuery, listQuerySchema } from "../../src/source/query.ts";
import { listKey, readyKey, sourceKey, tokenKey } from "../../src/store/key.ts";
import { cacheTags } from "../../src/store/routes.ts";
import { readServed } from "../../src/store/serve.ts";
import * as worker from "../../src/worker.ts";
import { cacheStatus } from "../support/app.ts";
import { deniedToken, mainStore, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
const publicUrl = "https://authentik.example";
const defaultList = listKey("", publicUrl);

beforeAll(async () => {
  store = await mainStore();
  await store.load(await readFixture("company"));
});

describe("wrangler.toml", () => {
  const config = inject("wranglerConfig");

  it("names the module's entrypoints, all of them", () => {
    expect(Object.keys(config.exports).sort()).toEqual(Object.keys(worker).sort());
  });

  it("puts Workers Cache in front of Sources and not of the gateway, and deploys with it", () => {
    expect(config.cache).toEqual({ enabled: true, cross_version_cache: true });
    expect(config.exports).toMatchObject({
      default: { cache: { enabled: false } },
      Sources: { cache: { enabled: true } },
    });
    expect(config.vars).toEqual({ EDGE_CACHE: "platform" });
  });

  it("has the one runner of the sync as a Durable Object over SQLite, which the free plan has too", () => {
    expect(config.exports.SyncRunner).toEqual({ type: "durable-object", storage: "sqlite" });
    expect(config.durable_objects).toEqual({ bindings: [{ name: "SYNC_RUNNER", class_name: "SyncRunner" }] });
  });

  it("has the sync run every five minutes", () => {
    expect(config.triggers).toEqual({ crons: ["*/5 * * * *"] });
  });
});

describe("Sources", () => {
  const ask = (question: string, headers: Record<string, string> = {}) =>
    exports.Sources.fetch(new Request(question, { headers }));

  it("sends the headers that Workers Cache goes by", async () => {
    const response = await ask(defaultList);
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("max-age=30, stale-while-revalidate=30, stale-if-error=86400");
    expect(response.headers.get("Cache-Tag")).toBe(cacheTags.all);
    expect(response.headers.get("ETag")).toMatch(/^"[0-9a-f]+"$/);
    expect(response.headers.has("Vary")).toBe(false);
    expect(response.headers.has("Set-Cookie")).toBe(false);
  });

  it("has in every response a Cache-Control that leaves stale responses on", async () => {
    const answers = [
      await ask(defaultList),
      await ask(defaultList.replace("?", "?page=99&")),
      await ask(defaultList.replace("?", "?page=0&")),
      await ask(tokenKey("0".repeat(64))),
      await ask(readyKey),
      await ask(`${new URL("nowhere", readyKey)}`),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 404, 400, 200, 200, 404]);
    for (const answer of answers) {
      expect(answer.headers.get("Cache-Control")).toMatch(
        /^no-store$|^max-age=[0-9]+, stale-while-revalidate=[0-9]+, stale-if-error=[0-9]+$/,
      );
    }
    await store.fault("500");
    const failed = await ask(defaultList);
    await store.fault("none");
    expect([failed.status, failed.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
  });

  it("answers the cache's own revalidation with 304 and what refreshes the copy", async () => {
    const full = await ask(defaultList);
    const response = await ask(defaultList, { "If-None-Match": full.headers.get("ETag") ?? "" });
    expect(response.status).toBe(304);
    for (const name of ["ETag", "Cache-Control", "Cache-Tag"])
      expect(response.headers.get(name)).toBe(full.headers.get(name));
    expect(Number(response.headers.get("X-Generated-At"))).toBeGreaterThanOrEqual(
      Number(full.headers.get("X-Generated-At")),
    );
  });

  it("refuses a lookup without a public URL: the key of Workers Cache has no host", async () => {
    for (const path of ["sources/oauth/", "sources/oauth/?page=1", "sources/oauth/okta/"]) {
      const url = new URL(path, readyKey);
      const response = await ask(url.href);
      expect([response.status, await response.json()]).toEqual([
        400,
        { public_url: ["This parameter is required."], code: "invalid" },
      ]);
      url.searchParams.set("public_url", "https://user:pw@id.example");
      expect((await ask(url.href)).status).toBe(400);
    }
  });

  it.each(["POST", "DELETE", "OPTIONS"])("answers GET and HEAD, and refuses %s", async (method) => {
    const response = await exports.Sources.fetch(new Request(readyKey, { method }));
    expect([response.status, response.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
    const head = await exports.Sources.fetch(new Request(defaultList, { method: "HEAD" }));
    expect([head.status, await head.text(), head.headers.get("Cache-Tag")]).toEqual([200, "", cacheTags.all]);
  });

  it("answers a trusted client of one form version before or after, and no other", async () => {
    const statuses = await Promise.all(
      ["/v0/", "/v1/", "/v2/", "/v3/", "/v/", "/"].map(
        async (version) => (await ask(readyKey.replace("/v1/", version))).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404]);
  });

  it("parses its query again", async () => {
    const response = await ask(defaultList.replace("?", "?enabled=maybe&"));
    expect(await response.json()).toEqual({ enabled: ["Must be a valid boolean."], code: "invalid" });
  });

  it.each(["", "file:sources.db", "sources.db"])("is a 503 where its store's address is %j", async (url) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const entrypoint = { env: { LIBSQL_URL: url }, ctx: createExecutionContext() };
    const response = await worker.Sources.prototype.fetch.call(entrypoint, new Request(defaultList));
    expect([response.status, await response.json()]).toEqual([
      503,
      { detail: "The store is unavailable.", code: "unavailable" },
    ]);
    expect(log.mock.calls.flat().join()).toContain("LIBSQL_URL");
    log.mockRestore();
  });

  it("has a method that marks lists stale by their tag, and says where there is no cache to tell", async () => {
    expect(await exports.Sources.invalidate()).toBe(false);
    const invalidate = vi.fn(async () => ({ success: true, errors: [{ message: "" }] }));
    const context = Object.assign(createExecutionContext(), { cache: { invalidate } });
    expect(await worker.Sources.prototype.invalidate.call({ ctx: context })).toBe(true);
    expect(invalidate).toHaveBeenCalledExactlyOnceWith({ tags: [cacheTags.all] });
    invalidate.mockResolvedValue({ success: false, errors: [{ message: "rate limited" }] });
    await expect(worker.Sources.prototype.invalidate.call({ ctx: context })).rejects.toThrow("rate limited");
  });
});

describe("createTrustedSourcesClient", () => {
  const client = createTrustedSourcesClient(exports.Sources, { authentikUrl: "https://authentik.example/" });

  it("reads with types over the binding, without a token", async () => {
    const list = await client.list({ search: "git", page_size: "1" });
    const { pagination, results } = await list.json();
    expect([list.status, pagination.count, results.map(({ slug }) => slug)]).toEqual([200, 2, ["github"]]);
    const github = await (await client.retrieve("github")).json();
    expect(github.callback_url).toBe("https://authentik.example/source/oauth/callback/github/");
    expect(await (await client.sourceTypes({ name: "okta" })).json()).toEqual([
      expect.objectContaining({ name: "okta" }),
    ]);
  });

  it("gives the endpoint's own statuses for what it does not have, and for what is wrong", async () => {
    expect((await client.retrieve("nobody")).status).toBe(404);
    expect((await client.list({ page: "99" })).status).toBe(404);
    const wrong = await client.list({ enabled: "maybe" });
    expect([wrong.status, wrong.ok]).toEqual([400, false]);
  });

  it("asks by fetch, which the platform caches, and for the gateway's own entries", async () => {
    const fetched = vi.spyOn(worker.Sources.prototype, "fetch");
    const query = { page_size: "1", enabled: "true", page: "2", ordering: "-slug" };
    await client.list(query);
    await client.list({});
    await client.retrieve("github");
    expect(fetched.mock.calls.map(([request]) => request.url)).toEqual([
      listKey(canonicalQuery(listQuerySchema.parse(query)), publicUrl),
      defaultList,
      sourceKey("github", publicUrl),
    ]);
    expect(fetched.mock.calls.flatMap(([request]) => [...request.headers.keys()])).toEqual([]);
    fetched.mockRestore();
  });
});

describe("the gateway in front of Sources", () => {
  it("sends a request of its own, without anything of the client's", async () => {
    const fetched = vi.spyOn(worker.Sources.prototype, "fetch");
    const gateway = startWorker(store, { EDGE_CACHE: "platform" });
    vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await gateway.list("search=git&utm_source=x", {
      "X-Forwarded-Host": "evil.example",
      Cookie: "a=b",
    });
    expect(response.status).toBe(200);
    const seen = fetched.mock.calls.map(([request]) => request);
    expect(seen.map((request) => [request.method, [...request.headers.keys()]])).toEqual([
      ["GET", []],
      ["GET", []],
    ]);
    expect(seen.map((request) => request.url).join("\n")).not.toMatch(new RegExp(`${token}|utm|edge\\.example|evil`));
    expect(
      (await gateway.send("/sources/oauth/", { headers: { Authorization: `Bearer ${deniedToken}` } })).status,
    ).toBe(403);
    vi.restoreAllMocks();
  });

  it("logs once that the platform's cache is missing where it is configured", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const logError = vi.spyOn(console, "error").mockImplementation(() => {});
    const gateway = startWorker(store, { EDGE_CACHE: "platform" });
    for (let i = 1; i <= 3; i++) {
      const response = await gateway.list(`page_size=${i}`);
      expect(response.status).toBe(200);
      expect(cacheStatus(response)).toMatch(/^fwd=bypass; ttl=/);
    }
    expect(logError.mock.calls.flat()).toEqual([expect.stringContaining("Cf-Cache-Status")]);
    vi.restoreAllMocks();
  });

  it.each([
    ["HIT", "hit; ttl=20"],
    ["MISS", "fwd=uri-miss; fwd-status=200; stored; ttl=20"],
    ["EXPIRED", "fwd=stale; fwd-status=200; stored; ttl=20"],
    ["REVALIDATED", "fwd=stale; fwd-status=304; ttl=20"],
    ["UPDATING", "hit; ttl=20; detail=stale-while-revalidate"],
    ["STALE", "hit; ttl=20; detail=stale-if-error"],
    ["DYNAMIC", "fwd=bypass; ttl=20"],
  ])("translates the Cf-Cache-Status %s, and counts the age from the load", async (platform, expected) => {
    const response = await exports.Sources.fetch(new Request(defaultList));
    const headers = new Headers(response.headers);
    headers.set("Cf-Cache-Status", platform);
    headers.set("X-Generated-At", "1000");
    const cached = await readServed(new Response(response.body, { headers }));
    const answer = reply(new Request("https://edge.example"), cached, 11_000);
    expect([cacheStatus(answer), answer.headers.get("Age")]).toEqual([expected, "10"]);
  });
});

it("the test runner's Worker has the cache that vitest.config.ts configures", () => {
  expect(env).toMatchObject({ EDGE_CACHE: "cache-api" });
});
