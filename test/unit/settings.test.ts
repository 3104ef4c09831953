import { describe, expect, it } from "vitest";
import { readSettings, type Variables, variableNames } from "../../src/settings.ts";

const defaults = {
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
      SYNC_MAX_AGE_SECONDS: "900",
    });
    expect(settings).toEqual({
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
    ["SYNC_ALLOW_REMOVALS", "yes"],
    ["SYNC_HOOK_SECRET", "x".repeat(31)],
    ["SYNC_HOOK_SECRET", "x".repeat(257)],
    ["SYNC_MAX_AGE_SECONDS", "soon"],
  ])("refuses %s=%s by name", (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^the configuration is wrong: ${name}`));
  });

  it("names every variable that is wrong", () => {
    expect(() => readSettings({ LOG_HITS: "x", CACHE_FRESH_SECONDS: "x" } satisfies Variables)).toThrow(
      "CACHE_FRESH_SECONDS must be a whole number of seconds; LOG_HITS must be a number from 0 to 1",
    );
  });
});
