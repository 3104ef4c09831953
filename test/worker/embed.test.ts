import { Hono } from "hono";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSourcesClient } from "../../src/client.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { createSourcesApp, type SourcesAppOptions } from "../../src/gateway/app.ts";
import { createStore, readFixture, type TestStore, token } from "../support/store.ts";

let store: TestStore;
let options: SourcesAppOptions<object>;

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
  options = { database: () => openLibsql({ url: store.url }), cache: false };
});

const authorization = { Authorization: `Bearer ${token}` };

describe("createSourcesApp", () => {
  it.each([
    [{ database: undefined }, "database must be a function of the context, such as (c) => drizzle(c.env.DB)"],
    [{ database: {} }, "database must be a function of the context"],
    [{ authentikUrl: "authentik.example" }, "authentikUrl must be an http(s) URL such as https://authentik.example"],
    ...[
      "https://user:pw@id.example",
      "https://id.example/?x=1",
      "https://id.example/?",
      "https://id.example/#x",
      "ftp://id.example",
    ]
      .concat([
        "https:id.example",
        "http:\\\\id.example",
        " https://id.example",
        "https://id.example ",
        "https://",
        "//id.example",
      ])
      .map((url): [object, string] => [{ authentikUrl: url }, "authentikUrl must be an http(s) URL such as"]),
    [{ freshness: { fresh: 30 } }, "freshness must have fresh, staleWhileRevalidate and staleIfError"],
    [{ freshness: { fresh: 0.5, staleWhileRevalidate: 0, staleIfError: 0 } }, "each a whole number of seconds"],
    [{ tokenGraceSeconds: -1 }, "tokenGraceSeconds must be a whole number of seconds"],
  ])("throws for the options %j", (wrong, sentence) => {
    const given = { database: () => undefined, cache: false, ...wrong };
    const build = () => createSourcesApp(given as unknown as SourcesAppOptions<object>);
    expect(build).toThrow(TypeError);
    expect(build).toThrow(sentence);
  });

  it("leaves its host alone outside its prefix, and runs the host's middleware inside", async () => {
    const host = new Hono()
      .use(async (c, next) => {
        await next();
        c.header("X-Host", "host");
      })
      .onError((error, c) => c.text(`the host's: ${error.message}`, 500))
      .notFound((c) => c.text("the host's 404", 404))
      .get("/boom", () => {
        throw new Error("boom");
      })
      .get("/sources/oauth/", (c) => c.text("the host's own sources"))
      .route("/identity", createSourcesApp(options));
    const ask = async (path: string, headers = {}, method = "GET") => {
      const response = await host.request(path, { method, headers });
      expect(response.headers.get("X-Host")).toBe("host");
      return [response.status, await response.text()];
    };
    expect(await ask("/boom")).toEqual([500, "the host's: boom"]);
    expect(await ask("/nowhere")).toEqual([404, "the host's 404"]);
    expect(await ask("/identity/nowhere")).toEqual([404, "the host's 404"]);
    expect(await ask("/sources/oauth/")).toEqual([200, "the host's own sources"]);
    expect(await ask("/sources/oauth/", {}, "POST")).toEqual([404, "the host's 404"]);
    expect(await ask("/identity/sources/oauth/")).toEqual([403, expect.stringContaining("not_authenticated")]);
    expect(await ask("/identity/sources/oauth/?page=0", authorization)).toEqual([400, expect.stringContaining("page")]);
    expect(await ask("/identity/sources/oauth/?page=99", authorization)).toEqual([
      404,
      expect.stringContaining("Invalid page"),
    ]);
    expect(await ask("/identity/sources/oauth/", {}, "POST")).toEqual([405, expect.stringContaining("not allowed")]);
    expect(await ask("/identity/sources/oauth/", authorization)).toEqual([200, expect.stringContaining("pagination")]);
  });

  it("asks `verifyToken` for the principal, and not the store", async () => {
    const verifyToken = vi.fn(async (given: string) =>
      given === "mine" ? { id: "host", mayViewSources: true } : null,
    );
    const app = createSourcesApp({ ...options, verifyToken });
    const status = async (given: string) =>
      (await app.request("/sources/oauth/", { headers: { Authorization: `Bearer ${given}` } })).status;
    const before = await store.requests();
    expect([await status("mine"), await status(token)]).toEqual([200, 403]);
    expect(await store.requests()).toBe(before + 1);
    expect(verifyToken).toHaveBeenCalledTimes(2);
  });

  it("refuses a token where the host's verdict is undefined", async () => {
    const verifyToken = async () => undefined as unknown as null;
    const app = createSourcesApp({ ...options, verifyToken });
    expect((await app.request("/sources/oauth/", { headers: authorization })).status).toBe(403);
  });

  it("builds callback URLs on the URL that the host gives for each request", async () => {
    const app = createSourcesApp({ ...options, authentikUrl: (c) => c.req.header("X-Tenant") });
    const callback = async (headers = {}) => {
      const response = await app.request("https://edge.example/sources/oauth/", {
        headers: { ...authorization, ...headers },
      });
      const { results } = await response.json<{ results: { callback_url: string }[] }>();
      return results[0]?.callback_url;
    };
    expect(await callback({ "X-Tenant": "https://one.example/" })).toMatch("https://one.example/source/oauth/");
    expect(await callback()).toMatch("https://edge.example/source/oauth/");
  });

  it("is a 503 that reveals nothing where the host's database cannot be opened", async () => {
    const app = createSourcesApp({ ...options, database: () => openLibsql({ url: undefined }) });
    const response = await app.request("/sources/oauth/", { headers: authorization });
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining("The store is unavailable"),
    ]);
  });
});

describe("createSourcesClient", () => {
  it("takes a service binding, whose `fetch` is a method", async () => {
    const app = createSourcesApp(options);
    class Binding {
      readonly #app = app;
      fetch(input: RequestInfo | URL, init?: RequestInit) {
        return Promise.resolve(this.#app.request(input as string, init));
      }
    }
    const client = createSourcesClient("https://sources", { token, fetch: new Binding() });
    expect((await client.list()).status).toBe(200);
  });

  it("lists, retrieves and lists types, typed, through the given `fetch`", async () => {
    const app = createSourcesApp(options);
    const client = createSourcesClient("https://edge.example", {
      token,
      fetch: async (input, init) => app.request(input, init),
    });
    const list = await client.list({ search: "git", page_size: "1" });
    expect(list.status).toBe(200);
    const { pagination, results } = await list.json();
    expect([pagination.count, results.map(({ slug }) => slug)]).toEqual([2, ["github"]]);
    expect((await (await client.retrieve("github")).json()).name).toBe("GitHub");
    expect((await client.retrieve("nobody")).status).toBe(404);
    expect((await (await client.sourceTypes({ name: "okta" })).json()).map(({ name }) => name)).toEqual(["okta"]);
  });
});
