import { beforeAll, describe, expect, it } from "vitest";
import documented from "../conformance/provider-types.json";
import { cacheStatus, startApp } from "../support/app.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, readFixture, token } from "../support/store.ts";

const adversarial = await readFixture("adversarial");
const headers = { Authorization: `Bearer ${token}` };

describe.each(engines)("over $engine,", ({ create }) => {
  let store: AnyStore;
  let app: ReturnType<typeof startApp>;

  beforeAll(async () => {
    store = await create();
    await store.load(adversarial);
    app = startApp(store, { authentikUrl: "http://authentik.example" });
  });

  async function expectError(response: Response, status: number, detail: string) {
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { detail } });
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  }

  describe("GET /sources/oauth/{slug}/", () => {
    it("gives each source as the list has it, to the letter", async () => {
      for (const source of adversarial.results) {
        const response = await app.send(`/sources/oauth/${source.slug}/`, headers);
        expect(response.status, source.slug).toBe(200);
        expect(await response.text()).toBe(JSON.stringify(source));
      }
    });

    it("is cached, has an ETag and takes If-None-Match", async () => {
      const first = await app.send("/sources/oauth/s00/", headers);
      expect(cacheStatus(first)).toContain("hit");
      const again = await app.send("/sources/oauth/s00/?utm_source=x", {
        ...headers,
        "If-None-Match": first.headers.get("ETag") ?? "",
      });
      expect(again.status).toBe(304);
    });

    it.each(["nobody", "S00", "s00%20", "%00", "x".repeat(256), "s00.json"])("is a 404 for %s", async (slug) => {
      await expectError(await app.send(`/sources/oauth/${slug}/`, headers), 404, "Not found.");
    });

    it("asks the store once for a slug that nobody has, and never for one that nobody can have", async () => {
      await app.send("/sources/oauth/missing/", headers);
      const before = await store.requests();
      await app.send("/sources/oauth/missing/", headers);
      await app.send(`/sources/oauth/${"y".repeat(256)}/`, headers);
      expect(await store.requests()).toBe(before);
    });

    it("bounds its query as the list does", async () => {
      const long = await app.send(`/sources/oauth/s00/?x=${"x".repeat(17_000)}`, headers);
      expect([long.status, await long.json()]).toMatchObject([400, { code: "invalid" }]);
    });

    it("refuses strangers, other methods and a path without its slash as the list does", async () => {
      await expectError(await app.send("/sources/oauth/s00/"), 403, "Authentication credentials were not provided.");
      await expectError(await app.send("/sources/oauth/nobody/"), 403, "Authentication credentials were not provided.");
      await expectError(await app.send("/sources/oauth/s00/", {}, "DELETE"), 405, 'Method "DELETE" not allowed.');
      const redirect = await app.send("/sources/oauth/s00?a=b");
      expect([redirect.status, redirect.headers.get("Location")]).toEqual([308, "s00/?a=b"]);
    });
  });

  describe("GET /sources/oauth/source_types/", () => {
    const get = async (query = "") => (await app.send(`/sources/oauth/source_types/${query}`, headers)).json();

    it("gives the documented types in authentik's order, and none for provider types that nobody knows", async () => {
      expect(await get()).toEqual(documented);
    });

    it("gives one by its name, the default type where there is none, all for an empty name", async () => {
      expect(await get("?name=okta")).toEqual(documented.filter((type) => type.name === "okta"));
      expect(await get("?name=x&name=+okta+")).toEqual(documented.filter((type) => type.name === "okta"));
      expect(await get("?name=GITHUB")).toMatchObject([{ name: "default", verbose_name: "Default source type" }]);
      expect(await get("?name=")).toEqual(documented);
    });

    it("refuses a NUL and strangers", async () => {
      const response = await app.send("/sources/oauth/source_types/?name=%00", headers);
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 400,
        body: { name: ["Null characters are not allowed."], code: "invalid" },
      });
      await expectError(
        await app.send("/sources/oauth/source_types/"),
        403,
        "Authentication credentials were not provided.",
      );
    });

    it("is as documented, whatever types the sources of an import have", async () => {
      const [source] = adversarial.results;
      const type = { ...source?.type, name: "keycloak", verbose_name: "Keycloak" };
      const other = await create();
      await other.load([{ ...source, provider_type: "keycloak", type }]);
      const response = await startApp(other).send("/sources/oauth/source_types/", headers);
      expect(await response.json()).toEqual(documented);
    });
  });
});
