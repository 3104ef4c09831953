import { Hono } from "hono";
import { appendTrailingSlash, trimTrailingSlash } from "hono/trailing-slash";
import { validator } from "hono/validator";
import { beforeAll, describe, expect, it } from "vitest";
import { createSourcesApp, type SourcesAppOptions } from "../../src/app.ts";
import { memoryStorage } from "../../src/cache/memory.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { swrCache } from "../../src/cache/swr.ts";
import type { OAuthSource } from "../../src/sources/source.ts";
import { createStore, readFixture, type TestStore, token } from "../support/store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
});

const headers = { Authorization: `Bearer ${token}` };

const sourcesApp = (options: Partial<SourcesAppOptions<object>> = {}) =>
  createSourcesApp<object>({
    database: store.open,
    authentikUrl: "https://authentik.example",
    cache: false,
    ...options,
  });

describe("a host that mounts the app below a parameter", () => {
  const names = ["slug", "source", "sourceSlug", "tenant", "id", "principal", "query"];

  it.each(names)("gets the source of the path's end where it calls its own :%s", async (name) => {
    const host = new Hono().route(`/:${name}`, sourcesApp());
    const response = await host.request("/google/sources/oauth/github/", { headers });
    expect(await response.json()).toMatchObject({ slug: "github" });
  });

  it.each(names)("finds its own :%s in each option and after the answer", async (name) => {
    const seen: unknown[] = [];
    const authentikUrl: SourcesAppOptions<object>["authentikUrl"] = (c) => `https://${c.req.param(name)}.example`;
    const host = new Hono()
      .use(`/:${name}/*`, async (c, next) => {
        await next();
        seen.push(c.req.param(name));
      })
      .route(`/:${name}`, sourcesApp({ authentikUrl }));
    const response = await host.request("/google/sources/oauth/github/", { headers });
    const { callback_url } = await response.json<OAuthSource>();
    expect(callback_url).toBe("https://google.example/source/oauth/callback/github/");
    expect(seen).toEqual(["google"]);
  });
});

describe("a host's context", () => {
  it("keeps its variables, its request and what it has validated, and none of them is read", async () => {
    const own = { principal: "the host's", answered: "no", storeRequests: "many", user: "ann" };
    const keys: string[] = [];
    const seen: unknown[] = [];
    const sources = sourcesApp({ limits: { token: async (key) => keys.push(key) > 0 } });
    const host = new Hono<{ Variables: Record<string, string> }>()
      .use(validator("query", ({ tenant }) => ({ tenant })))
      .use(async (c, next) => {
        for (const [name, value] of Object.entries(own)) c.set(name, value);
        const { raw } = c.req;
        await next();
        seen.push({ ...c.var }, c.req.valid("query" as never), c.req.raw === raw);
      })
      .route("/", sources);
    const response = await host.request("/sources/oauth/?tenant=a%20b&tenant=a&search=git+", { headers });
    expect([response.status, keys]).toEqual([200, ["1"]]);
    expect(seen).toEqual([own, { tenant: ["a b", "a"] }, true]);
  });
});

describe("a path without its slash", () => {
  const hosts: [string, string, () => { request: Hono["request"] }][] = [
    ["by itself", "", () => sourcesApp() as unknown as Hono],
    ["below a prefix", "/identity", () => new Hono().route("/identity", sourcesApp())],
    ["mounted", "/edge", () => new Hono().mount("/edge", sourcesApp().fetch)],
    ["in a host that is not strict", "/identity", () => new Hono({ strict: false }).route("/identity", sourcesApp())],
    ["behind trimTrailingSlash()", "", () => new Hono().use(trimTrailingSlash()).route("/", sourcesApp())],
    ["behind appendTrailingSlash()", "", () => new Hono().use(appendTrailingSlash()).route("/", sourcesApp())],
    [
      "mounted behind trimTrailingSlash()",
      "/edge",
      () => new Hono().use(trimTrailingSlash()).mount("/edge", sourcesApp().fetch),
    ],
    [
      "in a host that is not strict, behind trimTrailingSlash()",
      "",
      () => new Hono({ strict: false }).use(trimTrailingSlash()).route("/", sourcesApp()),
    ],
  ];

  /** Follows redirects as a client does. */
  async function follow(host: { request: Hono["request"] }, path: string, init: RequestInit) {
    const asked: string[] = [];
    for (let url = new URL(path, "https://edge.example"); asked.length < 5; ) {
      asked.push(url.pathname + url.search);
      const response = await host.request(url.href, init);
      const location = response.headers.get("Location");
      if (location === null) return { status: response.status, asked, body: await response.text() };
      url = new URL(location, url);
    }
    return { status: "a loop", asked };
  }

  describe.each(hosts)("%s", (_, prefix, build) => {
    it.each([
      ["GET", "/sources/oauth", "?search=git%20&x=1", 200, '"count":2'],
      ["GET", "/sources/oauth", "?page=99", 404, "Invalid page."],
      ["GET", "/sources/oauth", "?page=0", 400, "page"],
      ["HEAD", "/sources/oauth", "", 200, ""],
      ["POST", "/sources/oauth", "", 405, "not allowed"],
      ["GET", "/sources/oauth/github", "", 200, '"slug":"github"'],
      ["GET", "/sources/oauth/nobody", "", 404, "Not found."],
      ["GET", "/sources/oauth/a:b", "?c=d:e", 404, "Not found."],
      ["DELETE", "/sources/oauth/github", "", 405, "not allowed"],
      ["GET", "/sources/oauth/source_types", "?name=okta", 200, '"name":"okta"'],
    ])("leads %s %s%s to %i, and so does the path with one", async (method, path, query, status, text) => {
      for (const slash of ["", "/"]) {
        const answer = await follow(build(), prefix + path + slash + query, { method, headers });
        expect(answer, slash).toMatchObject({ status, body: expect.stringContaining(text) });
        for (const asked of answer.asked) expect(asked).toMatch(new RegExp(`^${prefix}/sources/oauth[^/]*(/|$)`));
        expect(answer.asked.join(" ")).not.toContain("//");
        expect(answer.asked.length).toBeLessThan(4);
      }
    });
  });

  it("is redirected once, with the headers that a host has set and none of the answer", async () => {
    const host = new Hono()
      .use(async (c, next) => {
        c.res.headers.set("X-Host", "host");
        await next();
      })
      .route("/", sourcesApp());
    for (const init of [{ headers }, {}]) {
      const response = await host.request("/sources/oauth?page_size=1", init);
      expect([response.status, await response.text()]).toEqual([308, ""]);
      expect(Object.fromEntries(response.headers)).toEqual({
        "cache-control": "no-store",
        location: "oauth/?page_size=1",
        "x-host": "host",
      });
    }
  });

  it("never leads to another host or scheme", async () => {
    const url = "https://edge.example/sources/oauth/javascript:alert(1)";
    const location = (await sourcesApp().request(url)).headers.get("Location") ?? "";
    expect(new URL(location, url).href).toMatch(/^https:\/\/edge\.example\/sources\/oauth\//);
  });
});

describe("the default cache", () => {
  it("is for one app, and says how a second one is built", () => {
    const { open: database } = store;
    expect(() => createSourcesApp({ database, tokenGraceSeconds: -1 })).toThrow("tokenGraceSeconds");
    createSourcesApp({ database });
    expect(() => createSourcesApp({ database })).toThrow(TypeError);
    expect(() => createSourcesApp({ database })).toThrow('cacheApiStorage("sources-b")');
    createSourcesApp({ database, cache: false });
    createSourcesApp({ database, cache: swrCache({ storage: memoryStorage({ entries: 1 }) }) });
  });
});

it("keeps every response under a key with authentik's public URL", async () => {
  const keys: string[] = [];
  const storage = memoryStorage<StoredResponse>({ entries: 9 });
  const cache = swrCache<StoredResponse>({
    storage: { match: async (key) => void keys.push(key), put: storage.put },
  });
  const host = sourcesApp({ cache, authentikUrl: (c) => c.req.header("X-Tenant") });
  for (const tenant of ["https://one.example", "https://two.example"]) {
    for (const path of ["", "github/", "source_types/", "source_types/?name=okta"]) {
      await host.request(`/sources/oauth/${path}`, { headers: { ...headers, "X-Tenant": tenant } });
    }
  }
  expect(keys.length).toBe(8);
  expect(new Set(keys).size).toBe(8);
});

describe("callback_url", () => {
  it.each([
    ["https://ID.Example:443/Auth/", "https://id.example/Auth"],
    ["HTTP://id.example:80", "http://id.example"],
    ["https://bücher.example//", "https://xn--bcher-kva.example"],
    ["https://id.example:8443/a b/".replace(" ", "%20"), "https://id.example:8443/a%20b"],
  ])("is built on the normal form of %s, given as text or by a function", async (authentikUrl, base) => {
    for (const option of [authentikUrl, () => authentikUrl]) {
      const response = await sourcesApp({ authentikUrl: option }).request("/sources/oauth/github/", { headers });
      expect(await response.json()).toMatchObject({ callback_url: `${base}/source/oauth/callback/github/` });
    }
  });
});
