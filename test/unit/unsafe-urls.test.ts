import { describe, expect, it } from "vitest";
import { unsafeUrls } from "../../src/sync/unsafe-urls.ts";

describe("unsafeUrls", () => {
  it.each(["javascript", "data", "vbscript", "file", "blob", "ftp", "JavaScript", "x-odd+1.0"])(
    "finds a URL of the scheme %s",
    (scheme) => {
      expect(unsafeUrls({ profile_url: `${scheme}:x` })).toEqual([
        { field: "profile_url", message: `has a URL of the scheme ${scheme.toLowerCase()}:` },
      ]);
    },
  );

  it.each([
    ...["request_token_url", "authorization_url", "access_token_url", "profile_url", "oidc_well_known_url"],
    ...["oidc_jwks_url", "icon", "icon_url", "novel_url"],
  ])("looks at %s", (field) => {
    expect(unsafeUrls({ [field]: "javascript:x" })).toContainEqual(expect.objectContaining({ field }));
  });

  it("looks at the URLs of the type, and at every themed icon", () => {
    const found = unsafeUrls({
      type: { name: "javascript:x", authorization_url: "data:text/html,x", profile_url: null },
      icon_themed_urls: { light: "https://a.example", dark: "javascript:x" },
    });
    expect(found.map(({ field }) => field)).toEqual(["type.authorization_url", "icon_themed_urls.dark"]);
  });

  it.each([0xa0, 0xfeff, 0x85, 0x3000, 0x2028, 0x200b, 0xad, 0x20, 0x09, 0x0a, 0x0d, 0x01, 0x1c, 0x7f])(
    "sees through the character %i before or inside a scheme",
    (code) => {
      const space = String.fromCodePoint(code);
      const disguises = [
        `${space}javascript:x`,
        `java${space}script:x`,
        `javascript${space}:x`,
        `${space}${space}data:x`,
      ];
      for (const url of disguises) expect(unsafeUrls({ profile_url: url }), JSON.stringify(url)).toHaveLength(1);
    },
  );

  it.each([
    ["profile_url", "https://login.example/x"],
    ["profile_url", " HTTPS://login.example/authorize "],
    ["profile_url", "http://login.example/jwks"],
    ["profile_url", "//login.example:8080/token"],
    ["profile_url", "/profile?next=javascript:x"],
    ["profile_url", "?javascript:x"],
    ["profile_url", ""],
    ["profile_url", null],
    ["icon", "fa://fa-user"],
    ["name", "javascript:x"],
  ])("passes over %s %j", (field, value) => {
    expect(unsafeUrls({ [field]: value })).toEqual([]);
  });

  it("takes fa: for an icon alone", () => {
    expect(unsafeUrls({ profile_url: "fa://fa-user" })).toHaveLength(1);
  });

  it("shows a long scheme by its length alone", () => {
    expect(unsafeUrls({ icon: `${"x".repeat(51)}:` })[0]?.message).toBe("has a URL of the scheme of 51 characters");
  });
});
