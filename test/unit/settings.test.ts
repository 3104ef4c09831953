import { describe, expect, it } from "vitest";
import { readSettings, type Variables, variableNames } from "../../src/settings.ts";

const defaults = {
  oidc: { issuers: [], scope: undefined },
  libsql: { url: undefined, authToken: undefined },
  authentikUrl: undefined,
  edgeCache: "cache-api",
  freshness: { fresh: 30, staleWhileRevalidate: 30, staleIfError: 86_400 },
  tokenGraceSeconds: 3_600,
  logHits: 0.01,
  corsOrigins: [],
  sync: {
    ...{ upstream: undefined, token: undefined, allowRemovals: false, hookSecret: undefined },
    maxAgeSeconds: undefined,
  },
};

describe("readSettings", () => {
  it("has defaults for variables that are missing or empty", () => {
    expect(readSettings({})).toEqual(defaults);
    expect(readSettings(Object.fromEntries(variableNames.map((name) => [name, ""])))).toEqual(defaults);
  });

  it("reads every variable", () => {
    const settings = readSettings({
      ...{ LIBSQL_URL: "libsql://db.example", LIBSQL_AUTH_TOKEN: "t", AUTHENTIK_URL: "https://authentik.example/sso" },
      ...{ EDGE_CACHE: "off", CACHE_FRESH_SECONDS: "0", CACHE_STALE_SECONDS: "1", CACHE_ERROR_SECONDS: "2" },
      ...{ TOKEN_GRACE_SECONDS: "3", LOG_HITS: "0.5", CORS_ORIGINS: "https://a.example, https://b.example" },
      ...{ AUTHENTIK_TOKEN: "ak", SYNC_ALLOW_REMOVALS: "true", SYNC_HOOK_SECRET: "x".repeat(32) },
      ...{ OIDC_ISSUER: "https://authentik.example/application/o/x/", OIDC_AUDIENCE: "id", OIDC_SCOPE: "read" },
      SYNC_MAX_AGE_SECONDS: "900",
    });
    expect(settings).toEqual({
      oidc: { issuers: [{ issuer: "https://authentik.example/application/o/x/", audience: "id" }], scope: "read" },
      libsql: { url: "libsql://db.example", authToken: "t" },
      authentikUrl: "https://authentik.example/sso",
      edgeCache: "off",
      freshness: { fresh: 0, staleWhileRevalidate: 1, staleIfError: 2 },
      tokenGraceSeconds: 3,
      logHits: 0.5,
      corsOrigins: ["https://a.example", "https://b.example"],
      sync: {
        ...{ upstream: "https://authentik.example/sso", token: "ak", allowRemovals: true, hookSecret: "x".repeat(32) },
        maxAgeSeconds: 900,
      },
    });
  });

  it("syncs from AUTHENTIK_SYNC_URL rather than from AUTHENTIK_URL", () => {
    const variables = { AUTHENTIK_URL: "https://a.example", AUTHENTIK_SYNC_URL: "http://inside.example" };
    expect(readSettings(variables).sync.upstream).toBe("http://inside.example");
  });

  it.each<[keyof Variables, string]>([
    ["AUTHENTIK_URL", "authentik.example"],
    ["AUTHENTIK_URL", "https://authentik.example/?x=1"],
    ["EDGE_CACHE", "on"],
    ["CACHE_FRESH_SECONDS", "1.5"],
    ["CACHE_STALE_SECONDS", "-1"],
    ["CACHE_ERROR_SECONDS", "1e3"],
    ["TOKEN_GRACE_SECONDS", "1h"],
    ["LOG_HITS", "1.5"],
    ["CORS_ORIGINS", "https://a.example/"],
    ["CORS_ORIGINS", "*"],
  ])("refuses %s=%s by name", (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^the configuration is wrong: ${name}`));
  });

  it("names every variable that is wrong", () => {
    expect(() => readSettings({ LOG_HITS: "x", CACHE_FRESH_SECONDS: "x" } satisfies Variables)).toThrow(
      "CACHE_FRESH_SECONDS must be a whole number of seconds; LOG_HITS must be a number from 0 to 1",
    );
  });
});

describe("a wrong variable of the sync", () => {
  it.each<[Record<string, string>, string]>([
    [{ SYNC_HOOK_SECRET: "hunter2" }, "SYNC_HOOK_SECRET must have 32 to 256 characters"],
    [{ SYNC_HOOK_SECRET: "x".repeat(31) }, "SYNC_HOOK_SECRET must have 32 to 256 characters"],
    [{ SYNC_HOOK_SECRET: "x".repeat(257) }, "SYNC_HOOK_SECRET must have 32 to 256 characters"],
    [{ SYNC_ALLOW_REMOVALS: "yes" }, "SYNC_ALLOW_REMOVALS must be true or false"],
    [{ SYNC_MAX_AGE_SECONDS: "10m" }, "SYNC_MAX_AGE_SECONDS must be a whole number of seconds"],
  ])("is a problem of the sync alone: %j", (wrong, sentence) => {
    const good = readSettings({ AUTHENTIK_TOKEN: "t", CACHE_FRESH_SECONDS: "7" });
    const settings = readSettings({ AUTHENTIK_TOKEN: "t", CACHE_FRESH_SECONDS: "7", ...wrong });
    expect(settings.sync.problem).toContain(`the configuration of the sync is wrong: ${sentence}`);
    expect(settings.sync.problem).not.toContain("hunter2");
    expect(settings).toEqual({ ...good, sync: { ...good.sync, problem: settings.sync.problem } });
  });

  it("is named with the others, and leaves the right ones in force", () => {
    const { sync } = readSettings({
      SYNC_MAX_AGE_SECONDS: "x",
      SYNC_ALLOW_REMOVALS: "x" as "true",
      SYNC_HOOK_SECRET: "s".repeat(32),
    });
    expect(sync.problem).toMatch(/SYNC_ALLOW_REMOVALS .*; SYNC_MAX_AGE_SECONDS /);
    expect(sync).toMatchObject({ hookSecret: "s".repeat(32), allowRemovals: false, maxAgeSeconds: undefined });
  });

  it("is none where another variable is wrong: all are named, and nothing is served", () => {
    const read = () => readSettings({ SYNC_MAX_AGE_SECONDS: "x", EDGE_CACHE: "x" as "off" });
    expect(read).toThrow(
      /^the configuration is wrong: (?=.*EDGE_CACHE must be platform, cache-api or off).*SYNC_MAX_AGE/,
    );
  });
});

describe("CORS_ORIGINS", () => {
  it.each([
    "https://app.example",
    "http://localhost:5173",
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
  ])("takes %s", (origin) => {
    expect(readSettings({ CORS_ORIGINS: `https://a.example, ${origin}` }).corsOrigins).toEqual([
      "https://a.example",
      origin,
    ]);
  });

  it.each([
    "*",
    "null",
    "app.example",
    "https://app.example/",
    "https://APP.example",
    "https://app.example:443",
    "capacitor://localhost/",
    "capacitor://",
    "capacitor:localhost",
    "capacitor://user@localhost",
    "file:///",
    "data:text/html,x",
  ])("refuses %s", (origin) => {
    expect(() => readSettings({ CORS_ORIGINS: origin })).toThrow("CORS_ORIGINS must be origins such as");
  });
});
