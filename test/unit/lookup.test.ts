import { describe, expect, it } from "vitest";
import { keyOf, readKey } from "../../src/lookup.ts";

const sourceOf = (slug: string) => ({ kind: "source", slug, publicUrl: "https://authentik.example" }) as const;

describe("the key of a source", () => {
  it.each(["a", "GitHub_2-x", "s".repeat(51), "s".repeat(255)])("is read back for the slug %s", (slug) => {
    expect(readKey(keyOf(sourceOf(slug)))).toEqual(sourceOf(slug));
  });

  it.each(["", "a b", "é", "s".repeat(256)])("is none for %j", (slug) => {
    expect(() => readKey(keyOf(sourceOf(slug)))).toThrow();
  });
});
