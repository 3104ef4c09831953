import { Hono } from "hono";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { issuerKeys } from "../../src/db/schema.ts";
import { createSourcesApp } from "../../src/gateway/app.ts";
import { readSettings } from "../../src/settings.ts";
import { readIssuerKeys } from "../../src/store/issuer-keys.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { oidcTokens } from "../../src/tokens/oidc.ts";
import { engines } from "../support/engines.ts";
import { startGateway } from "../support/gateway.ts";
import { createSigningKey, type SigningKey } from "../support/jwt.ts";
import { type AnyStore, readFixture, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const issuer = "https://authentik.example/application/o/portal/";
const audience = "client-of-the-portal";
const variables = { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience };

let key: SigningKey;
let log: ReturnType<typeof vi.spyOn>;

beforeAll(async () => {
  key = await createSigningKey("RS256", "rsa");
});
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const accessToken = (more: object = {}, now = Date.now()) => {
  const seconds = Math.floor(now / 1000);
  return key.sign({ iss: issuer, sub: "ak", aud: audience, azp: audience, iat: seconds, exp: seconds + 300, ...more });
};
const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });

describe.each(engines)("a Worker that takes an issuer's access tokens, over $engine", ({ create, failure }) => {
  let store: AnyStore;

  beforeEach(async () => {
    store = await create();
    await store.load(await readFixture("company"));
    await store.db.insert(issuerKeys).values({ issuer, keys: JSON.stringify([key.jwk]), changedAt: 0 });
  });

  it("lists for a good one, again without asking the store, and for the store's own tokens as before", async () => {
    const gateway = startGateway(store, { variables });
    const jwt = await accessToken();
    expect((await gateway.send("/sources/oauth/", bearer(jwt))).status).toBe(200);
    const before = await store.requests();
    for (let i = 0; i < 3; i++) expect((await gateway.send("/sources/oauth/", bearer(jwt))).status).toBe(200);
    expect(await store.requests()).toBe(before);
    expect((await gateway.list()).status).toBe(200);
  });

  it("refuses a bad one as any bad token, says why in its log alone, and shows nothing of it", async () => {
    const worker = startWorker(store, variables);
    const jwt = await accessToken({ azp: undefined });
    const response = await worker.send("/sources/oauth/", { headers: bearer(jwt) });
    expect([response.status, await response.json()]).toEqual([
      403,
      { detail: "Token invalid/expired", code: "authentication_failed" },
    ]);
    const lines = log.mock.calls.flat().join("\n");
    expect(lines).toContain("azp");
    for (const part of jwt.split(".")) expect(lines).not.toContain(part);
  });

  it("verifies for a day by the keys that it has while the store is down; all cold, it is a 503", async () => {
    const gateway = startGateway(store, { variables });
    const jwt = await accessToken({ exp: Math.floor(gateway.now() / 1000) + 100_000 });
    await gateway.send("/sources/oauth/", bearer(jwt));
    await store.fault(failure);
    gateway.wait(86_000);
    expect((await gateway.send("/sources/oauth/", bearer(jwt))).status).toBe(200);
    const cold = startGateway(store, { variables });
    expect((await cold.send("/sources/oauth/", bearer(jwt))).status).toBe(503);
    await store.fault("none");
  });

  it("looks a token with dots up in the store where no issuer is configured", async () => {
    const jwt = (await accessToken()).slice(-60).replaceAll("-", ".");
    const dotted = `a.b.${jwt.replaceAll(".", "")}`;
    await storeToken(store.db, dotted, { name: "dots", scope: "sources:read", createdAt: 0, expiresAt: null });
    expect((await startWorker(store).send("/sources/oauth/", { headers: bearer(dotted) })).status).toBe(200);
    const withIssuer = startWorker(store, variables);
    expect((await withIssuer.send("/sources/oauth/", { headers: bearer(dotted) })).status).toBe(403);
  });

  it("limits guesses by address before a signature is checked", async () => {
    const limits = { address: async () => false };
    const gateway = startGateway(store, { variables, limits });
    const before = await store.requests();
    expect((await gateway.send("/sources/oauth/", bearer(await accessToken()))).status).toBe(429);
    expect(await store.requests()).toBe(before);
  });
});

describe("oidcTokens in a host", () => {
  it("verifies JWTs by the host's keys, and leaves other tokens to the store", async () => {
    const store = await engines[0]?.create();
    if (!store) throw new Error("there is no store");
    await store.load(await readFixture("company"));
    await store.db.insert(issuerKeys).values({ issuer, keys: JSON.stringify([key.jwk]), changedAt: 0 });
    const keys = vi.fn(() => readIssuerKeys(store.open(), issuer));
    const verifyToken = oidcTokens({ issuer, audience, scope: "sources:read", keys });
    const app = new Hono().route("/", createSourcesApp({ database: store.open, verifyToken, cache: false }));
    const status = async (text: string) => (await app.request("/sources/oauth/", { headers: bearer(text) })).status;
    expect(await status(await accessToken({ scope: "openid sources:read" }))).toBe(200);
    expect(await status(await accessToken())).toBe(403);
    expect([await status(token), await status("another")]).toEqual([200, 403]);
    expect(keys).toHaveBeenCalledTimes(1);
  });
});

describe("OIDC_ISSUER", () => {
  it("is paired with OIDC_AUDIENCE by position", () => {
    const two = { OIDC_ISSUER: "https://a.example/  https://b.example/o/x/", OIDC_AUDIENCE: "a b" };
    expect(readSettings(two).oidc.issuers).toEqual([
      { issuer: "https://a.example/", audience: "a" },
      { issuer: "https://b.example/o/x/", audience: "b" },
    ]);
    expect(readSettings({}).oidc).toEqual({ issuers: [], scope: undefined });
  });

  it.each([
    [{ OIDC_ISSUER: issuer }, "OIDC_AUDIENCE must have"],
    [{ OIDC_AUDIENCE: "a" }, "OIDC_AUDIENCE must have"],
    [{ OIDC_ISSUER: `${issuer} ${issuer}`, OIDC_AUDIENCE: "a b" }, "OIDC_ISSUER names an issuer twice"],
    [{ OIDC_ISSUER: "authentik.example", OIDC_AUDIENCE: "a" }, "OIDC_ISSUER must hold http(s) URLs"],
    [{ ...variables, OIDC_SCOPE: "two scopes" }, "OIDC_SCOPE must be one scope"],
  ])("refuses %j", (wrong, message) => {
    expect(() => readSettings(wrong)).toThrow(message);
  });
});
