// Holds P16: docs/promises.md.

import { describe, expect, it } from "vitest";
import { isSecretKey } from "../../src/sync/secrets.ts";

describe("isSecretKey", () => {
  it.each([
    ...["consumer_secret", "client_secret", "clientSecret", "CLIENT-SECRET", "secret", "secrets", "secret_key"],
    ...["password", "smtp_password", "bindPassword", "passwd", "passphrase", "key_passphrase"],
    ...["private_key", "client_private_key", "privateKey", "private-key", "PRIVATE_KEY_PEM"],
    ...["client_assertion", "assertion", "clientAssertion", "client_assertions"],
    ...["clientsecret", "OIDCClientSecret", "client.secret", "secret2", "client_secret_expires_at", "has_password"],
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
    ...["passwordless", "passwordless_login", "secretary", "secretariat_url", "client_assertion_type", "assertive"],
    ...["private", "keyprivate", "private_url_key", "key_private"],
  ])("takes %s for none", (key) => {
    expect(isSecretKey(key)).toBe(false);
  });
});
