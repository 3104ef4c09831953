import { describe, expect, it } from "vitest";
import { shownPath } from "../../src/http/shown-path.ts";

describe("a path in the log", () => {
  it.each([
    "/",
    "/healthz",
    "/sources/oauth/",
    "/api/v3/sources/oauth/source_types/",
    "/sources/oauth/azure-ad_2024/",
    "/sources/oauth/customer.portal-2/",
    "/v1/ready",
    "/api/v3/core/users/me/",
    "/api/v3/root/config/",
    "/hooks/authentik",
    "/wp-login.php",
    "//sources//oauth",
  ])("is %s as it is", (path) => {
    expect(shownPath(path)).toBe(path);
  });

  const hook = "correct-horse-battery-staple-for-hooks";
  const token = `ase_${"aB3".repeat(12)}`;
  const digest = "4c5dc9b7708905f77f5e5d16316b5dfb425e68cb326dcd55a860e90a7707031e";

  it.each([
    ["a token of ours", token],
    ["one in other letters", token.toUpperCase()],
    ["one in part", token.slice(0, 12)],
    ["one without its prefix", token.slice(4)],
    ["one with an escape", token.replace("_", "%5F")],
    ["one that is all escapes", [...token].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("")],
    ["one that is escaped twice", token.replace("_", "%255F")],
    ["one with a broken escape", `${token}%zz`],
    ["a digest", digest],
    ["a digest in upper case", digest.toUpperCase()],
    ["a key of authentik's", "kT5wq".repeat(12)],
    ["a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"],
    ["a UUID", "963c067d-5275-40de-9a33-37bb63cc2f05"],
    ["the secret of the hook, in words", hook],
  ])("leaves out %s, wherever it stands", (_, secret) => {
    for (const prefix of ["/", "/sources/oauth/", "/api/v3/", "/v1/tokens/", "/nowhere/"]) {
      expect(shownPath(prefix + secret)).toBe(`${prefix}…`);
      expect(shownPath(`${prefix}${secret}/`)).toBe(`${prefix}…/`);
    }
  });

  it.each([
    ["/hooks/authentik/open/sesame", "/hooks/authentik/…/…"],
    ["/Hooks/Authentik/sesame", "/Hooks/Authentik/…"],
    ["//hooks//authentik//sesame", "//hooks//authentik//…"],
    ["/hooks/sesame", "/hooks/…"],
    ["/api/v3/hooks/authentik/sesame", "/api/v3/hooks/authentik/…"],
    ["/%68ooks/authentik/sesame", "/…/authentik/…"],
    ["/hooks%2Fauthentik%2Fsesame", "/…"],
    ["/hooks/authentiksesame", "/hooks/…"],
  ])("has nothing of words below hooks: %s", (path, shown) => {
    expect(shownPath(path)).toBe(shown);
  });

  it("has no control character, and is cut", () => {
    expect(shownPath("/\x1b[2J/\u202ea/a\nb")).toBe("/…/…/…");
    expect(shownPath("/a".repeat(9_000))).toBe(`${"/a".repeat(100)}…`);
  });
});
