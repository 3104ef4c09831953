// Holds P6, P7 and P8: docs/promises.md.

import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { apiTokens } from "../../src/db/schema.ts";
import { createSourcesApp } from "../../src/gateway/app.ts";
import { hotPath } from "../../src/gateway/hot-path.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { digestToken } from "../../src/tokens/format.ts";
import { cacheStatus, freshness, startApp } from "../support/app.ts";
import { startGateway } from "../support/gateway.ts";
import { createStore, deniedToken, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
const company = await readFixture("company");

beforeEach(async () => {
  store = await createStore();
  await store.load(company);
});

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });

describe("hotPath", () => {
  const url = "https://edge.example/sources/oauth/?page=1";
  const key = "https://sources.internal/v1/sources/oauth/?public_url=x";

  /** A hot path that knows the URL, the token `good` and a response of a status. */
  async function prepare({ status = 200, url: known = url } = {}) {
    const clock = { now: 1_000_000 };
    const now = () => clock.now;
    const value = { status, headers: { ETag: '"x"' }, body: "{}" };
    const cache = memoryCache(
      { get: async () => ({ value, generatedAt: clock.now, freshness, status: "miss" }) },
      { now },
    );
    await cache.get(
      key,
      () => Promise.reject(new Error("nothing is loaded")),
      () => {},
    );
    const peekToken = vi.fn(
      (text: string) =>
        ({
          good: { id: "1", mayViewSources: true },
          blind: { id: "2", mayViewSources: false },
        })[text],
    );
    const hot = hotPath({ peekToken, cache, now });
    hot.remember(known, key);
    const find = (headers: Record<string, string> = bearer("good"), method = "GET", asked = url) =>
      hot.find(new Request(asked, { method, headers }));
    return { hot, clock, find };
  }

  it("answers at once where token, URL and response are at hand", async () => {
    const { find } = await prepare();
    const hit = find();
    expect(hit?.principal.id).toBe("1");
    expect([hit?.response.status, await hit?.response.text()]).toEqual([200, "{}"]);
    expect(find({ ...bearer("good"), "If-None-Match": '"x"' })?.response.status).toBe(304);
  });

  it.each<[string, Record<string, string>, string?, string?]>([
    ["no token", {}],
    ["a token that is not at hand", bearer("other")],
    ["a token that may view nothing", bearer("blind")],
    ["another spelling of the scheme", { Authorization: "bearer good" }],
    ["another scheme", { Authorization: "Token good" }],
    ["blanks around the token", { Authorization: "Bearer  good" }],
    ["HEAD", bearer("good"), "HEAD"],
    ["POST", bearer("good"), "POST"],
    ["another URL", bearer("good"), "GET", `${url}&x=1`],
  ])("leaves the whole way to %s", async (_, headers, method, asked) => {
    const { find } = await prepare();
    expect(find(headers, method, asked)).toBeUndefined();
  });

  it("leaves errors to the whole way, though the memory keeps them", async () => {
    const { find } = await prepare({ status: 404 });
    expect(find()).toBeUndefined();
  });

  it("ends with the time of the memory, and is off where the clock was set back", async () => {
    const { find, clock } = await prepare();
    clock.now += 2_999;
    expect(find()).toBeDefined();
    clock.now += 1;
    expect(find()).toBeUndefined();
    clock.now -= 60_000;
    expect(find()).toBeUndefined();
  });

  it.each([
    ["5,000 URLs", 5_000, ""],
    ["4 MiB of URLs", 300, "x".repeat(16_000)],
  ])("remembers no more than %s", async (_, count, padding) => {
    const { hot, find } = await prepare();
    for (let i = 0; i < count; i++) hot.remember(`${url}&x=${i}${padding}`, key);
    expect(find()).toBeUndefined();
    expect(find(bearer("good"), "GET", `${url}&x=${count - 1}${padding}`)).toBeDefined();
  });
});

describe("a host's app", () => {
  it("asks the host's verifier each time: it may look at more than the token", async () => {
    const verifyToken = vi.fn(async (id: string) => ({ id, mayViewSources: true }));
    const app = createSourcesApp({ database: () => openLibsql({ url: store.url }), verifyToken, cache: false });
    for (let i = 0; i < 3; i++) await app.request("/sources/oauth/", { headers: bearer("a") });
    expect(verifyToken).toHaveBeenCalledTimes(3);
  });

  it("gives each tenant callback URLs of its own, where a function says what is public", async () => {
    const app = createSourcesApp({
      database: () => openLibsql({ url: store.url }),
      authentikUrl: (c) => c.req.header("X-Tenant"),
      cache: false,
    });
    for (const tenant of ["https://one.example", "https://two.example", "https://one.example"]) {
      const response = await app.request("/sources/oauth/", { headers: { ...bearer(token), "X-Tenant": tenant } });
      expect(await response.text()).toContain(`"callback_url":"${tenant}/`);
    }
  });

  it("keeps what a host adds to a response out of the next one", async () => {
    const { app } = startApp(store);
    const host = new Hono()
      .use(async (c, next) => {
        await next();
        c.header("X-Request", c.req.header("X-Request"));
        c.header("Vary", "Origin", { append: true });
      })
      .route("/", app);
    for (const id of ["1", "2", "3"]) {
      const { headers } = await host.request("/sources/oauth/", { headers: { ...bearer(token), "X-Request": id } });
      expect([headers.get("X-Request"), headers.get("Vary")]).toEqual([id, "Authorization, Origin"]);
    }
  });
});

describe("the gateway", () => {
  it("says to the second how old a hot hit is, and that it came out of memory", async () => {
    const gateway = startGateway(store);
    await gateway.list();
    for (const [later, age, timeToLive] of [
      [0, 0, 30],
      [0.999, 0, 29],
      [0.001, 1, 29],
      [0.001, 1, 28],
      [0.999, 2, 28],
    ]) {
      gateway.wait(later ?? 0);
      const response = await gateway.list();
      expect(response.headers.get("Age")).toBe(String(age));
      expect(cacheStatus(response)).toBe(`hit; ttl=${timeToLive}; detail=memory`);
    }
  });

  it("builds callback URLs on the request's own origin where no public URL is configured", async () => {
    const gateway = startGateway(store, { variables: { AUTHENTIK_URL: "" } });
    for (const origin of ["https://one.example", "https://two.example", "https://one.example"]) {
      const response = await gateway.send(`${origin}/sources/oauth/`, bearer(token));
      expect(await response.text()).toContain(`"callback_url":"${origin}/`);
    }
  });

  it("lets a hot hit end at the token's second, however long the response took to load", async () => {
    const clock = { now: Date.now() };
    const gateway = startGateway(store, { clock });
    const expiresAt = clock.now + 1_000;
    await storeToken(store.db, "expiring", { name: "x", scope: "sources:read", createdAt: 0, expiresAt });
    const status = async (path: string) => (await gateway.send(path, bearer("expiring"))).status;
    await status("/sources/oauth/?page_size=1");
    await store.fault("slow");
    const before = await store.requests();
    const slow = status("/sources/oauth/");
    await vi.waitFor(async () => expect(await store.requests()).toBe(before + 1));
    clock.now = expiresAt;
    expect(await slow).toBe(200);
    expect(await status("/sources/oauth/")).toBe(403);
  });

  it("lets a token be good for an hour while the store is down, and not a second longer", async () => {
    const gateway = startGateway(store);
    const status = async () => (await gateway.list()).status;
    await status();
    await store.fault("500");
    const grace = 55 + 3_600;
    gateway.wait(grace - 1);
    expect(await status()).toBe(200);
    gateway.wait(0.999);
    expect(await status()).toBe(200);
    gateway.wait(0.001);
    expect(await status()).toBe(503);
  });
});

describe("the Worker, after a hot hit of the very URL,", () => {
  it("gives pages of two origins their own CORS headers each, and others none", async () => {
    const origins = ["https://one.example", "https://two.example"];
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", CORS_ORIGINS: origins.join() });
    for (const Origin of [...origins, "https://evil.example", ...origins]) {
      const { headers } = await worker.list("page_size=2", { Origin });
      expect(headers.get("Access-Control-Allow-Origin")).toBe(origins.includes(Origin) ? Origin : null);
      expect(headers.get("Vary")).toBe("Authorization, Origin");
    }
    expect((await worker.list("page_size=2")).headers.has("Access-Control-Allow-Origin")).toBe(false);
  });

  it("answers before the router as it does behind it", async () => {
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", LOG_HITS: "0" });
    const routed = startWorker(store, { EDGE_CACHE: "cache-api", LOG_HITS: "0" });
    const url = "/sources/oauth/?page_size=37";
    const etag = (await worker.send(url, { headers: bearer(token) })).headers.get("ETag") ?? "";
    await routed.send(url, { headers: bearer(token) });
    for (const [init, status] of [
      [{}, 200],
      [{ headers: { "If-None-Match": etag } }, 304],
      [{ headers: { "If-None-Match": '"other"' } }, 200],
      [{ method: "HEAD" }, 200],
      [{ method: "POST" }, 405],
    ] as const) {
      const read = async ({ send }: typeof worker, scheme: string) => {
        const headers = { Authorization: `${scheme} ${token}`, ...("headers" in init && init.headers) };
        const response = await send(url, { ...init, headers });
        // These two change with the second.
        for (const name of ["Age", "Cache-Status"]) response.headers.delete(name);
        return { status: response.status, body: await response.text(), headers: [...response.headers] };
      };
      const answer = await read(worker, "Bearer");
      expect(answer.status).toBe(status);
      // Another spelling of the scheme goes the whole way.
      expect(answer).toEqual(await read(routed, "bearer"));
    }
  });

  it("counts hot hits by the per-token limit too, whose 429 is that of the whole way", async () => {
    let room = 3;
    const TOKEN_LIMIT = { limit: async () => ({ success: room-- > 0 }) };
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", TOKEN_LIMIT });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await worker.list()).status);
    expect(statuses).toEqual([200, 200, 200]);
    const [hot, whole] = [await worker.list(), await worker.list("", { Authorization: `bearer ${token}` })];
    expect([hot.status, [...hot.headers], await hot.text()]).toEqual([429, [...whole.headers], await whole.text()]);
  });

  it("gives no stranger the list", async () => {
    const worker = startWorker(store, { EDGE_CACHE: "cache-api" });
    for (let i = 0; i < 3; i++) expect((await worker.list()).status).toBe(200);
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong",
      `Bearer ${deniedToken}`,
      `bearer  ${token}`,
      `Token ${token}`,
    ]) {
      const response = await worker.send("/sources/oauth/", { headers: { Authorization: authorization } });
      expect(response.status, authorization).toBe(403);
    }
    expect((await worker.send("/sources/oauth/")).status).toBe(403);
  });

  it("heeds a revocation within 60 s and an expiry at its second, however often it is asked", async () => {
    const app = startGateway(store);
    const expiresAt = app.now() + 20_000;
    const fields = { name: "x", scope: "sources:read", createdAt: 0 } as const;
    await storeToken(store.db, "expiring", { ...fields, expiresAt });
    await storeToken(store.db, "revoked", { ...fields, expiresAt: null });
    const status = async (secret: string) => (await app.send("/sources/oauth/", bearer(secret))).status;
    await status("revoked");
    await store.db
      .update(apiTokens)
      .set({ revokedAt: 1 })
      .where(eq(apiTokens.digest, await digestToken("revoked")));
    const revokedAt = app.now();
    for (let step = 0; step < 160; step++) {
      expect(await status("expiring"), `expiring, step ${step}`).toBe(app.now() < expiresAt ? 200 : 403);
      if (app.now() - revokedAt > 60_000) expect(await status("revoked"), `revoked, step ${step}`).toBe(403);
      else await status("revoked");
      app.wait(0.5);
    }
  });
});
