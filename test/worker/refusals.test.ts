import { beforeAll, describe, expect, it } from "vitest";
import { storeToken } from "../../src/tokens/admin.ts";
import { createToken } from "../../src/tokens/format.ts";
import { createStore, deniedToken, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;
let worker: ReturnType<typeof startWorker>;

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
  worker = startWorker(store);
});

async function expectRefusal(response: Response, status: number, body: object) {
  expect({ status: response.status, body: await response.json() }).toEqual({ status, body });
  expect(response.headers.get("Cache-Control")).toBe("no-store");
}

describe("403", () => {
  const notAuthenticated = {
    detail: "Authentication credentials were not provided.",
    code: "not_authenticated",
  };
  const badToken = { detail: "Token invalid/expired", code: "authentication_failed" };
  const unsupported = { detail: "Unsupported authentication type", code: "authentication_failed" };

  it.each([
    ["no header", undefined, notAuthenticated],
    ["no space", "Bearer", notAuthenticated],
    ["another scheme", `Token ${token}`, unsupported],
    ["an unknown token", "Bearer nobody", badToken],
    ["a token twice", `Bearer ${token}, Bearer ${token}`, badToken],
    ["a token that is not ASCII", "Bearer tök\u00ffen", badToken],
    ["a very long token", `Bearer ${"x".repeat(5000)}`, badToken],
    [
      "a token that may view nothing",
      `Bearer ${deniedToken}`,
      { detail: "You do not have permission to perform this action.", code: "permission_denied" },
    ],
  ])("answers %s, whatever the query is", async (_, authorization, body) => {
    for (const query of ["", "?page=0", "?page=99"]) {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      await expectRefusal(await worker.send(`/sources/oauth/${query}`, { headers }), 403, body);
    }
  });

  it("refuses a token that is expired or revoked", async () => {
    const now = Date.now();
    const expired = await createToken();
    const living = await createToken();
    const common = { name: "x", scope: "sources:read", createdAt: 0 } as const;
    await storeToken(store.db, expired, { ...common, expiresAt: now - 1 });
    await storeToken(store.db, living, { ...common, expiresAt: now + 60_000 });
    const send = (secret: string) => worker.send("/sources/oauth/", { headers: { Authorization: `Bearer ${secret}` } });
    await expectRefusal(await send(expired), 403, badToken);
    expect((await send(living)).status).toBe(200);
  });

  it("refuses a mistyped token of ours without asking the store", async () => {
    const secret = await createToken();
    const mistyped = secret.slice(0, 10) + (secret[10] === "x" ? "y" : "x") + secret.slice(11);
    const before = await store.requests();
    const response = await worker.send("/sources/oauth/", { headers: { Authorization: `Bearer ${mistyped}` } });
    await expectRefusal(response, 403, badToken);
    expect(await store.requests()).toBe(before);
  });
});

describe("400", () => {
  it("reports every invalid parameter in one body", async () => {
    await expectRefusal(await worker.list("page=0&page_size=1001&enabled=2&name=%00&enrollment_flow=y"), 400, {
      page: ["Ensure this value is greater than or equal to 1."],
      page_size: ["Ensure this value is less than or equal to 1000."],
      enabled: ["Must be a valid boolean."],
      name: ["Null characters are not allowed."],
      enrollment_flow: ["“y” is not a valid UUID."],
      code: "invalid",
    });
  });

  it("bounds the query's length and the number of parameters", async () => {
    const longest = `name=${"x".repeat(16 * 1024 - "name=".length)}`;
    expect((await worker.list(longest)).status).toBe(200);
    await expectRefusal(await worker.list(`${longest}x`), 400, {
      non_field_errors: ["The query is longer than 16384 bytes."],
      code: "invalid",
    });
    expect((await worker.list("a&".repeat(1000))).status).toBe(200);
    await expectRefusal(await worker.list("a&".repeat(1001)), 400, {
      non_field_errors: ["The query has more than 1000 parameters."],
      code: "invalid",
    });
  });
});

describe("paths and methods", () => {
  const notFound = { detail: "Not found.", code: "not_found" };

  it.each(["/", "/sources/", "/sources/oauth//", "/Sources/oauth/", "/api/v3/", "/api/v3/sources/all/"])(
    "gives 404 for %s",
    async (path) => {
      await expectRefusal(await worker.send(path), 404, notFound);
    },
  );

  it("gives 404 for a page beyond the end", async () => {
    await expectRefusal(await worker.list("page=2"), 404, { detail: "Invalid page.", code: "not_found" });
  });

  it.each(["POST", "PUT", "PATCH", "DELETE"])("gives 405 for %s, with no token asked for", async (method) => {
    const response = await worker.send("/api/v3/sources/oauth/", { method });
    expect(response.headers.get("Allow")).toBe("GET, HEAD, OPTIONS");
    await expectRefusal(response, 405, { detail: `Method "${method}" not allowed.`, code: "method_not_allowed" });
  });

  it("answers OPTIONS with 204 and Allow", async () => {
    const response = await worker.send("/sources/oauth/", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("Allow")).toBe("GET, HEAD, OPTIONS");
  });

  it("answers HEAD as GET, without the body", async () => {
    const response = await worker.send("/sources/oauth/", {
      method: "HEAD",
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.text()).toBe("");
  });

  it.each(["/sources/oauth", "/api/v3/sources/oauth"])(
    "redirects %s to the path with a slash, its query as it came",
    async (path) => {
      const response = await worker.send(`${path}?search=a+b%20%C3%BC&page=2`, { redirect: "manual" });
      expect(response.status).toBe(308);
      expect(response.headers.get("Location")).toBe("oauth/?search=a+b%20%C3%BC&page=2");
    },
  );
});

describe("callback_url", () => {
  const callback = async (variables: { AUTHENTIK_URL: string }) => {
    const response = await startWorker(store, variables).list("slug=okta", { "X-Forwarded-Host": "evil.example" });
    const { results } = await response.json<{ results: { callback_url: string }[] }>();
    return results[0]?.callback_url;
  };

  it("is built on AUTHENTIK_URL, with or without a slash at its end", async () => {
    expect(await callback({ AUTHENTIK_URL: "https://id.example/auth/" })).toBe(
      "https://id.example/auth/source/oauth/callback/okta/",
    );
  });

  it("is built on the origin of the request where none is configured", async () => {
    expect(await callback({ AUTHENTIK_URL: "" })).toBe("https://edge.example/source/oauth/callback/okta/");
  });
});
