// Holds P1, P3, P5 and P10: docs/promises.md.

import { eq, sql } from "drizzle-orm";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Storage } from "../../src/cache/cache.ts";
import { cacheApiStorage } from "../../src/cache/cache-api.ts";
import { oauthSources } from "../../src/db/schema.ts";
import { listKey } from "../../src/store/key.ts";
import { cacheStatus, startApp } from "../support/app.ts";
import { createStore, readFixture, type TestStore } from "../support/store.ts";

const company = await readFixture("company");
let store: TestStore;
let app: ReturnType<typeof startApp>;

beforeAll(async () => {
  store = await createStore();
});

beforeEach(async () => {
  await store.load(company);
  app = startApp(store);
});

/** How often the store is asked while something is done. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = await store.requests();
  await work();
  await app.settle();
  return (await store.requests()) - before;
}

const rename = (name: string) =>
  store.db
    .update(oauthSources)
    .set({ document: sql`json_set(document, '$.name', ${name})` })
    .where(eq(oauthSources.slug, "okta"));
const nameOf = async (response: Response) => {
  const { results } = await response.json<typeof company>();
  return results[0]?.name;
};

describe("round trips to the store", () => {
  it("are two for a cold cache, one for a new page with a known token, none for a warm cache", async () => {
    expect(await counted(() => app.list())).toBe(2);
    expect(await counted(() => app.list("page_size=3"))).toBe(1);
    expect(await counted(() => app.list())).toBe(0);
    expect(await counted(() => app.list("page_size=3"))).toBe(0);
  });

  it("are two for 200 concurrent requests of one page", async () => {
    await store.fault("slow");
    const work = () =>
      Promise.all(Array.from({ length: 200 }, async () => expect((await app.list()).status).toBe(200)));
    expect(await counted(work)).toBe(2);
    await store.fault("none");
  });

  it("are one for 50 spellings of one query", async () => {
    await app.list("slug=okta");
    const spellings = [
      "search=git&enabled=true&page_size=5",
      ...["1", "TRUE", "True", "tRuE"].map((value) => `enabled=${value}&page_size=5&search=git`),
      ...["GIT", "+git", "git,", ",,git", "Git+gIT", "%00git", "git%1F"].map(
        (value) => `enabled=1&page_size=5&search=${value}`,
      ),
      ...["name", "", "bogus", "name,pk", "name,name", "+name+", "name,-name"].map(
        (value) => `ordering=${value}&enabled=1&page_size=5&search=git`,
      ),
      ...[
        "page=1",
        "page=+1",
        "page=01",
        "page=",
        "has_jwks=false",
        "has_jwks=0",
        "name=",
        "name=+",
        "policy_engine_mode=",
        "utm_source=x",
      ].map((value) => `${value}&enabled=1&page_size=5&search=git`),
      ...[
        "search=x&search=git",
        "page_size=9&page_size=5&search=git",
        "page_size=005&search=git",
        "page_size=+5&search=git",
      ].map((value) => `page_size=5&enabled=0&${value}&enabled=1&page_size=5`),
      ...Array.from({ length: 17 }, (_, i) => `a${i}=${i}&enabled=true&search=git&page_size=5&page=0&page=1`),
    ];
    expect(spellings).toHaveLength(50);
    const bodies = new Set<string>();
    const work = async () => {
      for (const spelling of spellings) bodies.add(await (await app.list(spelling)).text());
    };
    expect(await counted(work)).toBe(1);
    expect(bodies.size).toBe(1);
  });

  it("are shared by hosts only where a public URL is configured, since callback URLs depend on it", async () => {
    const unconfigured = startApp(store, { authentikUrl: undefined });
    const ask = async (which: typeof app, host: string) =>
      which.app.request(`https://${host}/sources/oauth/`, {
        headers: { Authorization: "Bearer test-token", "X-Forwarded-Host": host },
      });
    await ask(app, "a.example");
    expect(await counted(() => ask(app, "b.example"))).toBe(0);
    await ask(unconfigured, "a.example");
    expect(await counted(() => ask(unconfigured, "b.example"))).toBe(1);
  });
});

describe("freshness", () => {
  it("is 30 s without a store request, 30 s more while revalidating, and over after 60 s", async () => {
    await rename("One");
    expect(cacheStatus(await app.list("slug=okta"))).toBe("fwd=uri-miss; fwd-status=200; stored; ttl=30");
    await rename("Two");
    app.wait(29.9);
    const hit = await app.list("slug=okta");
    expect(cacheStatus(hit)).toBe("hit; ttl=0");
    expect(hit.headers.get("Age")).toBe("29");
    expect(await nameOf(hit)).toBe("One");

    app.wait(3);
    const stale = await app.list("slug=okta");
    expect(cacheStatus(stale)).toBe("hit; ttl=-3; detail=stale-while-revalidate");
    expect(await nameOf(stale)).toBe("One");
    await app.settle();
    app.wait(3.1); // longer than the tier in memory keeps anything
    expect(await nameOf(await app.list("slug=okta"))).toBe("Two");

    await rename("Three");
    app.wait(60);
    const revalidated = await app.list("slug=okta");
    expect(cacheStatus(revalidated)).toBe("fwd=stale; fwd-status=200; stored; ttl=30");
    expect(await nameOf(revalidated)).toBe("Three");
  });

  it("has one revalidation in the background for 50 requests", async () => {
    await app.list("slug=okta");
    app.wait(40);
    await store.fault("slow");
    expect(await counted(() => Promise.all(Array.from({ length: 50 }, () => app.list("slug=okta"))))).toBe(1);
    await store.fault("none");
  });

  it("is shorter for empty results and pages beyond the end", async () => {
    await app.list();
    for (const query of ["name=nobody", "page=2"]) {
      await app.list(query);
      expect(await counted(() => app.list(query))).toBe(0);
      app.wait(10);
      expect(await counted(() => app.list(query))).toBe(1);
    }
    expect((await app.list("page=2")).headers.get("Cache-Control")).toBe("no-store");
  });

  it("includes the 3 s of the memory tier, which reset no age", async () => {
    await app.list();
    await app.settle(); // until the cache has it
    expect(cacheStatus(await app.list())).toBe("hit; ttl=30; detail=memory");
    app.wait(2);
    expect(cacheStatus(await app.list())).toBe("hit; ttl=28; detail=memory");
    app.wait(1);
    expect(cacheStatus(await app.list())).toBe("hit; ttl=27");
  });

  it("excludes responses in memory that the clock, set back, has put into the future", async () => {
    await app.list();
    app.wait(-60);
    expect(cacheStatus(await app.list())).toContain("fwd=uri-miss");
  });

  it("is reported as stale by the memory tier too", async () => {
    await app.list();
    await store.fault("500");
    app.wait(600);
    expect(cacheStatus(await app.list())).toBe("fwd=stale; ttl=-570; detail=stale-if-error");
    expect(cacheStatus(await app.list())).toBe("hit; ttl=-570; detail=stale-if-error");
    await store.fault("none");
  });
});

describe("the bound of 60 s on staleness", () => {
  it("holds in the memory tier for a response that was stale when it was put there", async () => {
    await rename("Old");
    await app.list("slug=okta");
    await rename("New");
    app.wait(59);
    expect(await nameOf(await app.list("slug=okta"))).toBe("Old");
    await app.settle();
    app.wait(0.999);
    expect(await nameOf(await app.list("slug=okta"))).toBe("Old");
    app.wait(0.001);
    expect(await nameOf(await app.list("slug=okta"))).toBe("New");
  });

  it("is 0 s where no response may be served without a store request", async () => {
    app = startApp(store, { freshness: { fresh: 0, staleWhileRevalidate: 0, staleIfError: 86_400 } });
    for (const name of ["One", "Two", "Three"]) {
      await rename(name);
      expect(await nameOf(await app.list("slug=okta"))).toBe(name);
    }
  });

  it("begins before the load, however long that takes", async () => {
    app = startApp(store, { freshness: { fresh: 1, staleWhileRevalidate: 1, staleIfError: 86_400 } });
    await app.list("page_size=1");
    await rename("Old");
    await store.fault("held");
    const before = await store.requests();
    const slow = app.list("slug=okta");
    await vi.waitFor(async () => expect(await store.requests()).toBe(before + 1), { timeout: 30_000, interval: 5 });
    app.wait(2.5);
    await store.fault("none");
    expect(await nameOf(await slow)).toBe("Old");
    await rename("New");
    expect(await nameOf(await app.list("slug=okta"))).toBe("New");
  });
});

describe("an entry of the Cache API that is damaged or was planted", () => {
  const body = JSON.stringify({ planted: true });
  const good = { "X-Status": "200", "X-Cache-Control": "max-age=30, stale-while-revalidate=30, stale-if-error=86400" };

  it.each<[string, Record<string, string | undefined>]>([
    ["without a status", { "X-Status": undefined }],
    ["with the status 99", { "X-Status": "99" }],
    ["with the status 204", { "X-Status": "204" }],
    ["with the status 302", { "X-Status": "302", Location: "https://evil.example" }],
    ["with the status 200.5", { "X-Status": "200.5" }],
    ["made in the future", { "X-Generated-At": String(Date.now() + 3_600_000) }],
    ["without a time", { "X-Generated-At": undefined }],
    ["with a time that is none", { "X-Generated-At": "yesterday" }],
    ["that may not be kept", { "X-Cache-Control": undefined }],
  ])("is a miss: one %s", async (_, change) => {
    const name = crypto.randomUUID();
    app = startApp(store, { storage: cacheApiStorage(name) });
    await rename("True");
    const headers = new Headers({ "Cache-Control": "max-age=86400", "Content-Type": "application/json" });
    for (const [header, value] of Object.entries({ ...good, "X-Generated-At": String(app.now()), ...change })) {
      if (value !== undefined) headers.set(header, value);
    }
    const key = listKey("slug=okta", "https://authentik.example");
    const cache = await caches.open(name);
    await cache.put(key, new Response(body, { headers }));
    const response = await app.list("slug=okta");
    expect(response.status).toBe(200);
    expect(await nameOf(response)).toBe("True");
    expect(cacheStatus(response)).toContain("fwd=uri-miss");
    app.wait(7_200);
    await rename("Later");
    expect(await nameOf(await app.list("slug=okta"))).toBe("Later");
  });
});

describe("a fault of the cache storage", () => {
  const broken = (method: "match" | "put"): Storage<never> => {
    const fail = async () => {
      throw new Error(`${method} is broken`);
    };
    return { match: async () => undefined, put: async () => {}, [method]: fail };
  };

  it.each(["match", "put"] as const)("in %s fails no request", async (method) => {
    app = startApp(store, { storage: broken(method) });
    expect((await app.list()).status).toBe(200);
    app.wait(5);
    expect((await app.list()).status).toBe(200);
  });
});

describe("staleness over 250 random steps", () => {
  it("never exceeds 60 s while the store is up", async () => {
    /** When each name became the right one, by the app's clock. */
    const since: { name: string; from: number }[] = [];
    let seed = 7;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let step = 0; step < 250; step++) {
      if (random() < 0.4) {
        const name = `Name ${step}`;
        await rename(name);
        since.push({ name, from: app.now() });
      }
      const response = await app.list(`slug=okta&page_size=${1 + Math.floor(random() * 2)}`);
      const seen = await nameOf(response);
      const next = since[since.findIndex(({ name }) => name === seen) + 1];
      if (next && seen !== "Okta Workforce") expect(app.now() - next.from, `step ${step}`).toBeLessThanOrEqual(60_000);
      await app.settle();
      app.wait(random() ** 3 * 90);
    }
    expect(since.length).toBeGreaterThan(50);
  });
});
