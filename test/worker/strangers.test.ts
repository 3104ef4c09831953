// Holds P6: docs/promises.md.

import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { apiTokens } from "../../src/db/schema.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { createToken, digestToken } from "../../src/tokens/format.ts";
import { createStore, deniedToken, readFixture, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let worker: ReturnType<typeof startWorker>;
let etag: string;
let revoked: string;

beforeAll(async () => {
  const store = await createStore();
  await store.load(await readFixture("company"));
  revoked = await createToken();
  await storeToken(store.db, revoked, { name: "x", scope: "sources:read", createdAt: 0, expiresAt: null });
  await store.db
    .update(apiTokens)
    .set({ revokedAt: 1 })
    .where(eq(apiTokens.digest, await digestToken(revoked)));
  worker = startWorker(store, { EDGE_CACHE: "cache-api" });
  for (const path of ["/sources/oauth/", "/api/v3/sources/oauth/"]) {
    const warm = await worker.send(path, { headers: { Authorization: `Bearer ${token}` } });
    expect(warm.status).toBe(200);
    etag = warm.headers.get("ETag") ?? "";
  }
  const hit = await worker.list();
  expect(hit.headers.get("Cache-Status"), "the list is cached").toContain("hit");
});

const strangers: [string, () => Record<string, string>][] = [
  ["no token", () => ({})],
  ["a wrong token", () => ({ Authorization: "Bearer wrong" })],
  ["a revoked token", () => ({ Authorization: `Bearer ${revoked}` })],
  ["a token that may view nothing", () => ({ Authorization: `Bearer ${deniedToken}` })],
  [
    "the token's digest",
    () => ({ Authorization: "Bearer 4c5dc9b7708905f77f5e5d16316b5dfb425e68cb326dcd55a860e90a7707031e" }),
  ],
  ["a good token twice", () => ({ Authorization: `Bearer ${token}, Bearer ${token}` })],
  ["a good token, encoded", () => ({ Authorization: `Bearer ${token.replace("-", "%2D")}` })],
  ["a good token in other letters", () => ({ Authorization: `Bearer ${token.toUpperCase()}` })],
  [
    "a good token in other headers",
    () => ({
      "X-Authorization": `Bearer ${token}`,
      Cookie: `token=${token}`,
      "Proxy-Authorization": `Bearer ${token}`,
    }),
  ],
];

const ways: [string, string, () => Record<string, string>][] = [
  ["GET", "/sources/oauth/", () => ({})],
  ["GET", "/api/v3/sources/oauth/", () => ({})],
  ["HEAD", "/sources/oauth/", () => ({})],
  ["GET", "/sources/oauth/", () => ({ "If-None-Match": etag })],
  ["GET", "/sources/oauth/", () => ({ "If-None-Match": "*" })],
  ["GET", "/sources/%6Fauth/", () => ({})],
  ["GET", "/sources/oauth", () => ({})],
  ["GET", "/Sources/OAuth/", () => ({})],
  ["GET", "/sources//oauth/", () => ({})],
  ["GET", `/sources/oauth/?access_token=${token}&token=${token}`, () => ({})],
  ["GET", "/v1/sources/oauth/", () => ({})],
  ["GET", "/status", () => ({})],
  ["OPTIONS", "/sources/oauth/", () => ({ Origin: "https://evil.example" })],
  ["POST", "/sources/oauth/", () => ({ "X-HTTP-Method-Override": "GET" })],
];

describe.each(strangers)("a stranger with %s", (_, credentials) => {
  it.each(ways)("gets no list by %s %s, right after a hot hit of it", async (method, path, headers) => {
    for (let i = 0; i < 2; i++) {
      await worker.send(path, { headers: { Authorization: `Bearer ${token}` }, redirect: "manual" });
    }
    const response = await worker.send(path, {
      method,
      headers: { ...credentials(), ...headers() },
      redirect: "manual",
    });
    expect([204, 308, 403, 404, 405]).toContain(response.status);
    expect(response.headers.has("ETag")).toBe(false);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const text = await response.text();
    expect(text).not.toContain("Okta");
    if (response.status === 403 && method !== "HEAD") expect(JSON.parse(text)).toHaveProperty("detail");
  });
});
