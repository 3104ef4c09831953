import type { SourceType } from "../src/source/source-type.ts";
import { readList, type SourceList } from "../src/sync/list.ts";

const providers = ["google", "github", "okta", "azuread", "openidconnect", "discord", "apple", "gitlab"];

/** Numbers from 0 to 1 that are the same every time (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a provider that nobody knows must be told to have. */
const ownUrls = (base: string) => ({
  request_token_url: `${base}/request-token`,
  authorization_url: `${base}/authorize`,
  access_token_url: `${base}/token`,
  profile_url: `${base}/userinfo`,
  oidc_jwks: { keys: [{ kty: "oct", kid: base }] },
});

/** So many sources of made-up companies, in the API's own format and checked as an import is; of these types, by name. */
export function generateSources(count: number, types?: ReadonlyMap<string, SourceType>): SourceList {
  const next = random(1);
  const hex = (digits: number) =>
    Math.floor(next() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const flow = (n: number) => `f1000000-0000-4000-8000-${String(n % 10).padStart(12, "0")}`;
  return readList(
    Array.from({ length: count }, (_, i) => ({
      pk: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${i.toString(16).padStart(12, "0")}`,
      name: `Company ${hex(6)} ${providers[i % providers.length]}`,
      slug: `company-${hex(6)}-${i}`,
      enabled: next() < 0.9,
      provider_type: providers[i % providers.length],
      authentication_flow: i % 2 === 0 ? flow(i) : null,
      enrollment_flow: i % 3 === 0 ? flow(i) : null,
      policy_engine_mode: i % 4 === 0 ? "all" : "any",
      user_matching_mode: i % 5 === 0 ? "email_link" : "identifier",
      ...(providers[i % providers.length] === "openidconnect" && ownUrls(`https://id-${i}.example`)),
      consumer_key: `key-${i}`,
      additional_scopes: "openid email profile",
      oidc_well_known_url: `https://id-${i}.example/.well-known/openid-configuration`,
    })),
    types,
  );
}
