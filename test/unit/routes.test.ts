import { describe, expect, it } from "vitest";
import { defaultFreshness } from "../../src/cache/freshness.ts";
import { keyBase, sourceKey, tokenKey } from "../../src/store/key.ts";
import { readStore } from "../../src/store/routes.ts";

/** Reads over a store that says who was let through to it. */
const read = (key: string) =>
  readStore(key, {
    database: (isPrimary) => {
      throw new Error(isPrimary ? "the primary is asked" : "the store is asked");
    },
    freshness: defaultFreshness,
    tokenGraceSeconds: 0,
    now: Date.now,
  });

describe("readStore", () => {
  it.each(["a", "GitHub_2-x", "s".repeat(51), "s".repeat(255)])("looks a source up by the slug %s", async (slug) => {
    await expect(read(sourceKey(slug, "https://authentik.example"))).rejects.toThrow("the store is asked");
  });

  it.each(["", "a b", "é", "a/b", "s".repeat(256)])("looks nothing up for the slug %j", async (slug) => {
    await expect(read(sourceKey(slug, "https://authentik.example"))).rejects.toThrow("404");
  });

  it("looks tokens up at the primary, by whole digests alone", async () => {
    await expect(read(tokenKey("0".repeat(64)))).rejects.toThrow("the primary is asked");
    for (const digest of ["0".repeat(63), "0".repeat(65), "G".repeat(64)]) {
      await expect(read(tokenKey(digest))).rejects.toThrow("404");
    }
  });

  it.each(["", "/", "/ready/", "/sources/", "/tokens/", "/toString"])("has no route for %j", async (path) => {
    await expect(read(keyBase + path)).rejects.toThrow("404");
  });
});
