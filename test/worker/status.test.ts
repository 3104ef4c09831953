import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { icons, oauthSources, syncRuns } from "../../src/db/schema.ts";
import { createStore, deniedToken, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const upstream = "https://authentik.internal:9443/api";
const headers = { Authorization: `Bearer ${token}` };
const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const run = { startedAt, durationMs: 12, trigger: "cron", upstream, outcome: "unchanged" } as const;

let store: TestStore;

beforeEach(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
});

afterEach(() => vi.restoreAllMocks());

async function statusOf(variables = {}) {
  const response = await startWorker(store, variables).send("/status", { headers });
  expect(response.status).toBe(200);
  return response.json<{ runs: { reason: string | null }[]; not_configured: string[] }>();
}

describe("GET /status", () => {
  it("tells of a store that no sync has filled what is not configured", async () => {
    expect(await statusOf()).toEqual({
      sources: 12,
      icons: { stored: 0, failed: 0, first_failed: [] },
      warnings: { count: 0, first: [] },
      runs: [],
      not_configured: ["AUTHENTIK_TOKEN", "SYNC_HOOK_SECRET", "SYNC_RUNNER", "TOKEN_LIMIT", "ADDRESS_LIMIT"],
    });
  });

  it("names no variable that is set, and what is wrong with one of the sync", async () => {
    const variables = { AUTHENTIK_TOKEN: "t0p-secret", SYNC_HOOK_SECRET: "h".repeat(32), SYNC_MAX_AGE_SECONDS: "soon" };
    const limit = { limit: async () => ({ success: true }) };
    const status = await statusOf({ ...variables, TOKEN_LIMIT: limit, ADDRESS_LIMIT: limit });
    expect(status).toMatchObject({
      problem: "the configuration of the sync is wrong: SYNC_MAX_AGE_SECONDS must be a whole number of seconds",
      not_configured: ["SYNC_RUNNER"],
    });
    expect((await statusOf({ AUTHENTIK_URL: "" })).not_configured).toContain("AUTHENTIK_URL");
  });

  it("has the last ten runs, the newest first, and the warnings of the last good one", async () => {
    const firstWarnings = [
      { source: "okta", key: "icon_url", what: "unavailable", detail: "https://cdn.internal/okta.svg answered 404" },
      { source: null, key: "source_types", what: "unavailable" },
    ];
    for (let i = 0; i < 9; i++) await store.db.insert(syncRuns).values({ ...run, durationMs: i });
    await store.db.insert(syncRuns).values({ ...run, trigger: "webhook", warnings: 2, firstWarnings });
    await store.db.insert(syncRuns).values({ ...run, outcome: "failed", error: "all is lost" });
    const status = await statusOf();
    expect(status).toMatchObject({
      warnings: {
        count: 2,
        first: [
          { source: "okta", key: "icon_url", what: "unavailable" },
          { source: null, key: "source_types", what: "unavailable" },
        ],
      },
    });
    const common = { started_at: "2026-01-02T03:04:05Z", trigger: "cron", warnings: 0, reason: null };
    expect(status.runs).toEqual([
      { ...common, duration_ms: 12, outcome: "failed", reason: "all is lost" },
      { ...common, duration_ms: 12, outcome: "unchanged", trigger: "webhook", warnings: 2 },
      ...[8, 7, 6, 5, 4, 3, 2, 1].map((duration_ms) => ({ ...common, duration_ms, outcome: "unchanged" })),
    ]);
  });

  it("counts the icons, and names the sources whose icons could not be had", async () => {
    const sources = await store.db.select({ pk: oauthSources.pk, slug: oauthSources.slug }).from(oauthSources);
    const icon = { theme: "", address: "/media/x.svg", askedAt: 0 } as const;
    for (const { pk } of sources) await store.db.insert(icons).values({ ...icon, pk, problem: "it is gone" });
    await store.db.insert(icons).values({ ...icon, pk: "none's", digest: "0".repeat(64) });
    const slugs = sources.map(({ slug }) => String(slug)).sort();
    expect(await statusOf()).toMatchObject({ icons: { stored: 1, failed: 12, first_failed: slugs.slice(0, 10) } });
  });

  it.each([
    [`${upstream}/v3/sources/oauth/ answered 502`, "authentik answered 502"],
    [
      `${upstream}/v3/sources/oauth/ answered 403: the token is no good`,
      "authentik answered 403: the token is no good",
    ],
    [
      `${upstream}/x redirects to https://login.internal, which may not have the token`,
      "authentik redirects to another address, which may not have the token",
    ],
    [
      "https://authentik.internal:9443.evil.example is not https: the token would go over the network",
      "another address is not https: the token would go over the network",
    ],
    [
      `${upstream}/ gave a list that is wrong:\nrow 1 (slug "authentik.internal"): slug: is odd`,
      /^authentik gave .*\nrow 1 \(slug "authentik"\)/,
    ],
    [`the store failed: getaddrinfo ENOTFOUND sources-acme.turso.io`, "the store failed"],
    ["the address of authentik must be an https:// URL", "the address of authentik must be an https:// URL"],
  ])("says why a run failed without an address of anybody: %s", async (error, reason) => {
    await store.db.insert(syncRuns).values({ ...run, outcome: "failed", error });
    const [failed] = (await statusOf()).runs;
    expect(failed?.reason).toEqual(typeof reason === "string" ? reason : expect.stringMatching(reason));
  });

  it("has the reason of a run whose address was none", async () => {
    await store.db.insert(syncRuns).values({ ...run, upstream: "(no URL)", outcome: "failed", error: "no. URL x" });
    expect((await statusOf()).runs[0]?.reason).toBe("no. URL x");
  });

  it("holds no secret and no address, whatever went wrong", async () => {
    const secrets = { AUTHENTIK_TOKEN: "t0p-secret", SYNC_HOOK_SECRET: "hook-secret-".repeat(3) };
    const error = `${upstream}/v3/sources/oauth/ redirects to https://idp.internal`;
    const detail = `${upstream}/icon.svg answered 500`;
    const firstWarnings = [{ source: "okta", key: "icon", what: "unavailable", detail }];
    await store.db.insert(syncRuns).values({ ...run, warnings: 1, firstWarnings });
    await store.db.insert(syncRuns).values({ ...run, outcome: "failed", error });
    const text = JSON.stringify(await statusOf({ ...secrets, AUTHENTIK_SYNC_URL: "https://authentik.internal:9443" }));
    expect(text).not.toMatch(/internal|9443|secret|:\/\/|authentik\.example/i);
    expect(text).not.toContain(token);
    expect(text).not.toContain(new URL(store.url).host);
  });

  it("is kept by nobody: each answer is the store's of that moment", async () => {
    const worker = startWorker(store, { EDGE_CACHE: "cache-api" });
    for (const runs of [0, 1, 2]) {
      const response = await worker.send("/status", { headers });
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(["ETag", "Age", "Cache-Status"].filter((name) => response.headers.has(name))).toEqual([]);
      expect(await response.json()).toMatchObject({ runs: { length: runs } });
      await store.db.insert(syncRuns).values(run);
    }
  });

  it("has the methods of every route", async () => {
    const worker = startWorker(store);
    const head = await worker.send("/status", { method: "HEAD", headers });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const options = await worker.send("/status", { method: "OPTIONS" });
    expect([options.status, options.headers.get("Allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
    expect((await worker.send("/status", { method: "POST" })).status).toBe(405);
    for (const path of ["/status/", "/api/v3/status"])
      expect((await worker.send(path, { headers })).status, path).toBe(404);
  });

  it("lets pages of an origin read that may read lists, and no others", async () => {
    const worker = startWorker(store, { CORS_ORIGINS: "https://app.example" });
    const allowed = async (Origin: string) =>
      (await worker.send("/status", { headers: { ...headers, Origin } })).headers.get("Access-Control-Allow-Origin");
    expect([await allowed("https://app.example"), await allowed("https://evil.example")]).toEqual([
      "https://app.example",
      null,
    ]);
  });

  it("is under the limit of the token", async () => {
    const asked: string[] = [];
    const TOKEN_LIMIT = { limit: async ({ key }: { key: string }) => ({ success: asked.push(key) < 2 }) };
    const worker = startWorker(store, { TOKEN_LIMIT });
    const statuses = [await worker.send("/status", { headers }), await worker.send("/status", { headers })];
    expect(statuses.map(({ status }) => status)).toEqual([200, 429]);
    expect(asked).toEqual(["1", "1"]);
  });

  it("is a 503 where the store does not answer", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const worker = startWorker(store);
    expect((await worker.list()).status).toBe(200);
    await store.fault("refuse");
    const response = await worker.send("/status", { headers });
    expect([response.status, await response.json()]).toEqual([
      503,
      { detail: "The store is unavailable.", code: "unavailable" },
    ]);
  });

  it.each([
    ["no token", {}],
    ["a wrong token", { Authorization: "Bearer wrong" }],
    ["a token that may view nothing", { Authorization: `Bearer ${deniedToken}` }],
    ["another scheme", { Authorization: `Basic ${token}` }],
    ["a token in a cookie", { Cookie: `token=${token}` }],
  ])("tells nothing to a stranger with %s, and does not read it", async (_, given) => {
    const worker = startWorker(store);
    await worker.send("/status", { headers });
    for (const method of ["GET", "HEAD"]) {
      const before = await store.requests();
      const response = await worker.send(`/status?token=${token}`, { method, headers: given });
      expect(response.status).toBe(403);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(await response.text()).not.toMatch(/sources"|runs|SYNC_/);
      // At most the token's own look-up.
      expect((await store.requests()) - before).toBeLessThanOrEqual(1);
    }
  });
});
