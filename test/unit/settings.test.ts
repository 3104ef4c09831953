import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/settings.ts";

describe("a wrong variable of the sync", () => {
  it.each<[Record<string, string>, string]>([
    [{ SYNC_HOOK_SECRET: "hunter2" }, "SYNC_HOOK_SECRET must have 32 to 256 characters"],
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
