import { eq } from "drizzle-orm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createSourcesApp } from "../src/app.ts";
import { openLibsql } from "../src/db/libsql.ts";
import { apiTokens } from "../src/db/schema.ts";
import { storeToken } from "../src/tokens/admin.ts";
import { digestToken } from "../src/tokens/format.ts";
import { cacheStatus, startApp } from "./support/app.ts";
import { createStore, deniedToken, readFixture, type TestStore, token } from "./support/store.ts";
import { startWorker } from "./support/worker.ts";

let store: TestStore;
const company = await readFixture("company");

beforeEach(async () => {
  store = await createStore();
  await store.load(company);
});

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
  return { clock, verifyToken, ask };
}

describe("a prepared reply", () => {
  it("answers the same request until the principal or the response is over, whichever is first", async () => {
    const { clock, verifyToken, ask } = startHost();
    const first = await (await ask("a")).text();
    clock.now += 1_999;
    expect(await (await ask("a")).text()).toBe(first);
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

  it("is none of an error, of other methods, or where the host's principal does not say for how long it holds", async () => {
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

  it("is none where nothing is kept, or a host's cache does not say for how long it keeps", async () => {
    for (const cache of [false, { get: <T>(_: string, load: () => Promise<T>) => load() }] as const) {
      const { verifyToken, ask } = startHost({ cache });
      await ask("a");
      await ask("a");
      expect(verifyToken).toHaveBeenCalledTimes(2);
    }
  });

  it("is none where the public URL is a function, which may look at anything", async () => {
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

  it("is asked of the limit by token each time", async () => {
    let room = 3;
    const { ask } = startHost({ limits: { token: async () => room-- > 0 } });
    const statuses = [await ask("a"), await ask("a"), await ask("a"), await ask("a")].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it("says how old it is, and where it came from", async () => {
    const app = startApp(store);
    await app.list();
    app.wait(2);
    const response = await app.list();
    expect(response.headers.get("Age")).toBe("2");
    expect(cacheStatus(response)).toBe("hit; ttl=28; detail=memory");
  });
});

describe("after a hot hit of the very URL", () => {
  it("no stranger gets the list", async () => {
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

  it("a revocation counts within 60 s and an expiry at its second, however often it is asked", async () => {
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
