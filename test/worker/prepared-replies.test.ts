import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createSourcesApp } from "../../src/app.ts";
import type { Cached } from "../../src/cache/cache.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { apiTokens } from "../../src/db/schema.ts";
import type { RequestVariables } from "../../src/http/context.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { digestToken } from "../../src/tokens/format.ts";
import { cacheStatus, freshness, startApp } from "../support/app.ts";
import { createStore, deniedToken, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
const company = await readFixture("company");

beforeEach(async () => {
  store = await createStore();
  await store.load(company);
});

/** A page with nothing in it, which a cache gives for three seconds. */
const empty: Cached<StoredResponse> = {
  value: { status: 200, headers: {}, body: "" },
  generatedAt: 1_000_000,
  freshness,
  source: "fresh",
  reusableUntil: 1_003_000,
};

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });

/** A store whose verdicts may be counted: how often a token is looked at tells whether a reply was prepared. */
function startHost(options: Partial<Parameters<typeof createSourcesApp>[0]> = {}) {
  const clock = { now: 1_000_000 };
  const verifyToken = vi.fn(async (secret: string) =>
    secret === "bad" ? null : { id: secret, mayViewSources: secret !== "blind", validForSeconds: 2 },
  );
  const app = createSourcesApp({
    database: () => openLibsql({ url: store.url }),
    verifyToken,
    authentikUrl: "https://authentik.example",
    now: () => clock.now,
    cache: { get: async (_, load) => ({ ...(await load()), reusableUntil: clock.now + 3_000 }) },
    ...options,
  });
  const ask = (secret: string, url = "https://edge.example/sources/oauth/", init: RequestInit = {}) =>
    Promise.resolve(app.request(url, { ...init, headers: { ...bearer(secret), ...init.headers } }));
  return { app, clock, verifyToken, ask };
}

describe("a prepared reply", () => {
  it("is not used after the clock was set back", async () => {
    const { clock, verifyToken, ask } = startHost();
    await ask("a");
    clock.now -= 60_000;
    await ask("a");
    expect(verifyToken).toHaveBeenCalledTimes(2);
  });

  it("answers the same request until the principal expires", async () => {
    const { clock, verifyToken, ask } = startHost();
    const first = await (await ask("a")).text();
    clock.now += 1_999;
    expect(await (await ask("a")).text()).toBe(first);
    expect(verifyToken).toHaveBeenCalledTimes(1);
    clock.now += 1;
    await ask("a");
    expect(verifyToken).toHaveBeenCalledTimes(2);
  });

  it("answers the same request until the cached response expires", async () => {
    const verifyToken = vi.fn(async () => ({ id: "x", mayViewSources: true, validForSeconds: 50 }));
    const { clock, ask } = startHost({ verifyToken });
    await ask("a");
    clock.now += 2_999;
    await ask("a");
    expect(verifyToken).toHaveBeenCalledTimes(1);
    clock.now += 1;
    await ask("a");
    expect(verifyToken).toHaveBeenCalledTimes(2);
  });

  it("is for the same token and the same URL only", async () => {
    const { verifyToken, ask } = startHost();
    await ask("a");
    for (const [secret, url] of [
      ["b", "https://edge.example/sources/oauth/"],
      ["a", "https://other.example/sources/oauth/"],
      ["a", "https://edge.example/sources/oauth/?page=1"],
    ] as const) {
      await ask(secret, url);
    }
    expect(verifyToken).toHaveBeenCalledTimes(4);
    expect((await ask("bad")).status).toBe(403);
    expect((await ask("blind")).status).toBe(403);
    expect((await ask("")).status).toBe(403);
  });

  it("is not made of an error, of another method, or for a principal without `validForSeconds`", async () => {
    const { verifyToken, ask } = startHost();
    for (const query of ["?page=0", "?page=99"]) {
      await ask("a", `https://edge.example/sources/oauth/${query}`);
      await ask("a", `https://edge.example/sources/oauth/${query}`);
    }
    expect(verifyToken).toHaveBeenCalledTimes(4);
    await ask("a");
    expect((await ask("a", undefined, { method: "POST" })).status).toBe(405);
    const unsure = vi.fn(async () => ({ id: "x", mayViewSources: true }));
    const other = startHost({ verifyToken: unsure });
    await other.ask("a");
    await other.ask("a");
    expect(unsure).toHaveBeenCalledTimes(2);
  });

  it("is not made without a cache, or where the cache gives no `reusableUntil`", async () => {
    for (const cache of [false, { get: <T>(_: string, load: () => Promise<T>) => load() }] as const) {
      const { verifyToken, ask } = startHost({ cache });
      await ask("a");
      await ask("a");
      expect(verifyToken).toHaveBeenCalledTimes(2);
    }
  });

  it("is not made where the public URL is a function, which may read any header", async () => {
    const { ask } = startHost({ authentikUrl: (c) => c.req.header("X-Tenant") });
    for (const tenant of ["https://one.example", "https://two.example"]) {
      const response = await ask("a", undefined, { headers: { "X-Tenant": tenant } });
      expect(await response.text()).toContain(`"callback_url":"${tenant}/`);
    }
  });

  it("has callback URLs of the request's own origin where no public URL is configured", async () => {
    const { ask } = startHost({ authentikUrl: undefined });
    for (const origin of ["https://one.example", "https://two.example", "https://one.example"]) {
      expect(await (await ask("a", `${origin}/sources/oauth/`)).text()).toContain(`"callback_url":"${origin}/`);
    }
  });

  it("heeds If-None-Match and HEAD", async () => {
    const { verifyToken, ask } = startHost();
    const etag = (await ask("a")).headers.get("ETag") ?? "";
    expect((await ask("a", undefined, { headers: { "If-None-Match": etag } })).status).toBe(304);
    expect((await ask("a", undefined, { headers: { "If-None-Match": '"x"' } })).status).toBe(200);
    const head = await ask("a", undefined, { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("ETag")]).toEqual([200, "", etag]);
    expect(verifyToken).toHaveBeenCalledTimes(1);
  });

  it("counts towards the per-token limit", async () => {
    let room = 3;
    const { ask } = startHost({ limits: { token: async () => room-- > 0 } });
    const statuses = [await ask("a"), await ask("a"), await ask("a"), await ask("a")].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it("has the Age and the Cache-Status of its second", async () => {
    const app = startApp(store);
    await app.list();
    for (const [later, age, timeToLive] of [
      [0, 0, 30],
      [0.999, 0, 29],
      [0.001, 1, 29],
      [0.001, 1, 28],
      [0.999, 2, 28],
    ]) {
      app.wait(later ?? 0);
      const response = await app.list();
      expect(response.headers.get("Age")).toBe(String(age));
      expect(cacheStatus(response)).toBe(`hit; ttl=${timeToLive}; detail=memory`);
    }
  });

  it("sets the principal for its host, as a full check does", async () => {
    const keys: string[] = [];
    const { verifyToken, app } = startHost({ limits: { token: async (key) => keys.push(key) > 0 } });
    const seen: unknown[] = [];
    const host = new Hono<RequestVariables>()
      .use(async (c, next) => {
        await next();
        seen.push(c.var.principal?.id);
      })
      .route("/", app);
    for (const secret of ["a", "b", "a", "b"]) await host.request("/sources/oauth/", { headers: bearer(secret) });
    expect(verifyToken).toHaveBeenCalledTimes(2);
    expect(seen).toEqual(["a", "b", "a", "b"]);
    expect(keys).toEqual(["a", "b", "a", "b"]);
  });

  it("is not changed by headers that a host adds to one of them", async () => {
    const { app } = startHost();
    const host = new Hono()
      .use(async (c, next) => {
        await next();
        c.header("X-Request", c.req.header("X-Request"));
        c.header("Vary", "Origin", { append: true });
      })
      .route("/", app);
    const ask = async (id: string) => {
      const { headers } = await host.request("/sources/oauth/", { headers: { ...bearer("a"), "X-Request": id } });
      return [headers.get("X-Request"), headers.get("Vary")];
    };
    for (const id of ["1", "2", "3"]) expect(await ask(id)).toEqual([id, "Authorization, Origin"]);
  });

  it("ends when the token expires, however long the response took to load", async () => {
    const clock = { now: Date.now() };
    const app = startApp(store, { clock });
    const expiresAt = clock.now + 1_000;
    await storeToken(store.db, "expiring", { name: "x", scope: "sources:read", createdAt: 0, expiresAt });
    const status = async (path: string) => (await app.send(path, bearer("expiring"))).status;
    await status("/sources/oauth/?page_size=1");
    await store.fault("held");
    const before = await store.requests();
    const slow = status("/sources/oauth/");
    await vi.waitFor(async () => expect(await store.requests()).toBe(before + 1), { timeout: 30_000, interval: 5 });
    clock.now = expiresAt;
    await store.fault("none");
    expect(await slow).toBe(200);
    expect(await status("/sources/oauth/")).toBe(403);
  });

  it("ends with the grace of a verdict while the store is down", async () => {
    const app = startApp(store);
    const status = async () => (await app.list()).status;
    await status();
    await store.fault("500");
    const grace = 55 + 3_600;
    app.wait(grace - 1);
    expect(await status()).toBe(200);
    app.wait(0.999);
    expect(await status()).toBe(200);
    app.wait(0.001);
    expect(await status()).toBe(503);
  });

  it.each([
    ["5,000 requests", 5_001, ""],
    ["8 MiB", 600, "x".repeat(16_000)],
  ])("is kept among %s at most", async (_, count, padding) => {
    const { verifyToken, app } = startHost({ cache: { get: async () => empty } });
    const ask = (i: number) => app.request(`/sources/oauth/?x=${i}${padding}`, { headers: bearer("a") });
    for (let i = 0; i < count; i++) await ask(i);
    verifyToken.mockClear();
    await ask(count - 1);
    expect(verifyToken).not.toHaveBeenCalled();
    await ask(0);
    expect(verifyToken).toHaveBeenCalledTimes(1);
  });
});

describe("a prepared reply of the Worker", () => {
  it("has the CORS headers of the origin that asks, and none for others", async () => {
    const origins = ["https://one.example", "https://two.example"];
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", CORS_ORIGINS: origins.join() });
    for (const Origin of [...origins, "https://evil.example", ...origins]) {
      const { headers } = await worker.list("page_size=2", { Origin });
      expect(headers.get("Access-Control-Allow-Origin")).toBe(origins.includes(Origin) ? Origin : null);
      expect(headers.get("Vary")).toBe("Authorization, Origin");
    }
    expect((await worker.list("page_size=2")).headers.has("Access-Control-Allow-Origin")).toBe(false);
  });

  it("is the response that routing gives", async () => {
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", LOG_HITS: "0" });
    // With a limit by token every request is routed.
    const TOKEN_LIMIT = { limit: async () => ({ success: true }) };
    const routed = startWorker(store, { EDGE_CACHE: "cache-api", LOG_HITS: "0", TOKEN_LIMIT });
    const url = "/sources/oauth/?page_size=3";
    const etag = (await worker.send(url, { headers: bearer(token) })).headers.get("ETag") ?? "";
    await routed.send(url, { headers: bearer(token) });
    for (const [init, status] of [
      [{}, 200],
      [{ headers: { "If-None-Match": etag } }, 304],
      [{ headers: { "If-None-Match": '"other"' } }, 200],
      [{ method: "HEAD" }, 200],
      [{ method: "POST" }, 405],
    ] as const) {
      const read = async ({ send }: typeof worker) => {
        const headers = { ...bearer(token), ...("headers" in init && init.headers) };
        const response = await send(url, { ...init, headers });
        // These two change with the second.
        for (const name of ["Age", "Cache-Status"]) response.headers.delete(name);
        return { status: response.status, body: await response.text(), headers: [...response.headers] };
      };
      const answer = await read(worker);
      expect(answer.status).toBe(status);
      expect(answer).toEqual(await read(routed));
    }
  });

  it("counts towards the per-token limit", async () => {
    let room = 3;
    const TOKEN_LIMIT = { limit: async () => ({ success: room-- > 0 }) };
    const worker = startWorker(store, { EDGE_CACHE: "cache-api", TOKEN_LIMIT });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await worker.list()).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it("is not given to strangers", async () => {
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

  it("heeds a revocation within 60 s and an expiry at its second", async () => {
    const app = startApp(store);
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
