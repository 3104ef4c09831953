import { describe, expect, it } from "vitest";
import { isSecretKey, withoutSecrets } from "../../src/sync/secrets.ts";

describe("isSecretKey", () => {
  it.each([
    ...["consumer_secret", "client_secret", "clientSecret", "CLIENT-SECRET", "secret", "secrets", "secret_key"],
    ...["password", "smtp_password", "bindPassword", "passwd", "passphrase", "key_passphrase"],
    ...["private_key", "client_private_key", "privateKey", "private-key", "PRIVATE_KEY_PEM"],
    ...["client_assertion", "assertion", "clientAssertion"],
  ])("knows %s for a secret", (key) => {
    expect(isSecretKey(key)).toBe(true);
  });

  it.each([
    ...["pk", "name", "slug", "access_token_url", "request_token_url", "authorization_code_auth_method", "pkce"],
    ...[
      "oidc_jwks",
      "oidc_jwks_url",
      "keys",
      "kid",
      "n",
      "e",
      "consumer_key",
      "public_key",
      "forward_query_parameters",
    ],
    ...["user_matching_mode", "icon_themed_urls", "privacy_url", "passive", "certificate"],
  ])("takes %s for none", (key) => {
    expect(isSecretKey(key)).toBe(false);
  });
});

describe("withoutSecrets", () => {
  it("leaves out secrets at any depth, and everything else as it was, in its order", () => {
    const text =
      '{"b":1,"a":{"client_secret":1,"z":[{"password":"x","y":null}]},"__proto__":{"secret":1,"kept":2},"c":[]}';
    expect(JSON.stringify(withoutSecrets(JSON.parse(text)))).toBe(
      '{"b":1,"a":{"z":[{"y":null}]},"__proto__":{"kept":2},"c":[]}',
    );
  });
});
