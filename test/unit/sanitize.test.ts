// Holds P16: docs/promises.md.

import { expect, it } from "vitest";
import { createSanitizer } from "../../src/sync/sanitize.ts";

function sanitize(value: unknown) {
  const found: string[] = [];
  const clean = createSanitizer((path, what, detail) => found.push([path.join("."), what, detail ?? ""].join(" ")));
  return { clean: clean(value), found };
}

it("leaves out secrets at any depth, and everything else as it was, in its order", () => {
  const text =
    '{"b":1,"a":{"client_secret":1,"z":[{"password":"x","y":null}]},"__proto__":{"secret":1,"kept":2},"c":[]}';
  const { clean, found } = sanitize(JSON.parse(text));
  expect(JSON.stringify(clean)).toBe('{"b":1,"a":{"z":[{"y":null}]},"__proto__":{"kept":2},"c":[]}');
  expect(found).toEqual(["a.client_secret secret ", "a.z.0.password secret ", "__proto__.secret secret "]);
});

it("gives back what has no fault, and changes nothing of what has one", () => {
  const good = { a: [{ b: "javascript:x" }], url: "https://x.example/" };
  expect(sanitize(good).clean).toBe(good);
  const odd = { url: "javascript:x", keys: [{ kty: "oct", k: "x" }] };
  const before = structuredClone(odd);
  sanitize(odd);
  expect(odd).toEqual(before);
});

it("keeps the spelling of numbers", () => {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };
  expect(JSON.stringify(sanitize({ secret: 1, a: rawJSON("1.0") }).clean)).toBe('{"a":1.0}');
});

const jwk = { kty: "RSA", kid: "1", use: "sig", alg: "RS256", n: "x", e: "AQAB", crv: "P-256", x: "x", y: "y" };
const secret = { d: "s", p: "s", q: "s", dp: "s", dq: "s", qi: "s", oth: [{ r: "s", d: "s", t: "s" }], k: "s" };

it("leaves out the private members of a JSON Web Key, wherever that stands", () => {
  const { clean, found } = sanitize({
    oidc_jwks: { keys: [{ ...jwk, ...secret }] },
    novel: { deep: [{ ...secret, ...jwk }] },
  });
  expect(clean).toEqual({ oidc_jwks: { keys: [jwk] }, novel: { deep: [jwk] } });
  expect(found).toHaveLength(16);
});

it("keeps letters that are no members of a key", () => {
  const point = { d: 1, p: 2, q: 3, k: 4 };
  expect(sanitize({ ...point, below: { kty: "RSA" } }).clean).toEqual({ ...point, below: { kty: "RSA" } });
});

const odd = [0xa0, 0xfeff, 0x85, 0x3000, 0x2028, 0x200b, 0xad, 0x20, 0x09, 0x0a, 0x0d, 0x01, 0x1c, 0x7f];

it.each(odd)("sees through the character %i before or inside a scheme", (code) => {
  const space = String.fromCodePoint(code);
  for (const text of [
    ...[`${space}javascript:x`, `java${space}script:x`, `JavaScript${space}:x`, `${space}vbscript:x`],
    ...[`${space}${space}data:text/html,x`, `data:${space}text/html,x`, `da${space}ta:,x`],
  ]) {
    expect(sanitize({ profile_url: text })).toMatchObject({
      clean: { profile_url: null },
      found: [expect.any(String)],
    });
  }
});

it.each([
  ...["profile_url", "logoutUrl", "icon", "icon_url", "favicon_urls", "redirect_uri", "redirect_uris", "href"],
  ...["icon_themed_urls", "URL", "some-url"],
])("takes %s for a place of addresses, with all that stands below it", (key) => {
  const { clean } = sanitize({ novel: { [key]: { a: ["javascript:x", "/x"] } } });
  expect(clean).toEqual({ novel: { [key]: { a: [null, "/x"] } } });
});

it.each(["name", "novel", "curly", "iconic", "purl", "consumer_key"])("takes %s for none", (key) => {
  expect(sanitize({ [key]: "javascript:x" }).found).toEqual([]);
});

it.each([
  ...["", "/x", "//x.example/", "https://x.example/", "HTTP://x.example/", " https://x.example/", "?javascript:x"],
  ...["fa://fa-user", "ftp://x.example/", "mailto:x", "login.example.com:8443/x", "javascript.example:443/x"],
  ...["data:image/png;base64,x", "DATA:image/svg+xml,x", "javascripts:x", "database:x", "/data:text/html,x"],
])("keeps the address %j", (text) => {
  expect(sanitize({ icon_url: text }).clean).toEqual({ icon_url: text });
});
