/** JSON as it is sent, for what `JSON.stringify` would not write so. */
export interface RawJson {
  rawJson: string;
}

/** A source that differs from a usual one in some value that authentik gives, gave, or may give one day. */
export interface OddValue {
  name: string;
  /** The keys that are sent; an undefined one is left out. */
  sent: Record<string, unknown>;
  /** What is served instead of what was sent. */
  served?: Record<string, unknown>;
  /** What filters and orderings find, where it is not what is served. */
  columns?: Record<string, unknown>;
  /** The key and kind of each warning. @default none */
  warnings?: [key: string, what: string][];
  /** Whether the store keeps the version that it has. @default false */
  isHeld?: boolean;
}

const rawJson = (text: string): RawJson => ({ rawJson: text });
export const nested = (depth: number): RawJson => rawJson("[".repeat(depth) + "]".repeat(depth));
const flow = "8A1B3E1C-0000-4000-8000-000000000001";
const type = {
  ...{ name: "novel", verbose_name: "Novel", urls_customizable: true, request_token_url: null },
  ...{ authorization_url: null, access_token_url: null, profile_url: null },
  ...{ oidc_well_known_url: null, oidc_jwks_url: null },
};
const jwk = { kty: "RSA", kid: "1", n: "x", e: "AQAB" };

const kept: OddValue[] = [
  { name: "an icon of Font Awesome", sent: { icon: "fa://fa-github" } },
  { name: "an icon of Font Awesome in icon_url", sent: { icon: "", icon_url: "fa://fa-github" } },
  { name: "themed icons of Font Awesome", sent: { icon_themed_urls: { light: "fa://fa-sun", dark: "fa://fa-moon" } } },
  { name: "an icon that is a data: image", sent: { icon: "data:image/png;base64,iVBORw0KGgo=" } },
  { name: "an icon that is a data: image in icon_url", sent: { icon_url: "data:image/svg+xml,<svg/>" } },
  { name: "an icon at ftp://", sent: { icon: "ftp://files.example/icon.png" } },
  { name: "no icon in icon_url", sent: { icon_url: null, icon_themed_urls: null } },
  { name: "an icon for each theme in icon", sent: { icon: { light: "/light.svg", dark: "/dark.svg" } } },
  { name: "themed icons in a list", sent: { icon_themed_urls: ["/light.svg", "/dark.svg"] } },
  { name: "a host and port without a scheme", sent: { profile_url: "login.example.com:8443/x" } },
  { name: "localhost and a port", sent: { authorization_url: "localhost:9000/authorize" } },
  { name: "a URL at ftp://", sent: { access_token_url: "ftp://files.example/token" } },
  { name: "a scheme of an app", sent: { request_token_url: "com.example.app:/callback" } },
  { name: "text that is no URL", sent: { oidc_jwks_url: "?javascript:x", profile_url: "none" } },
  { name: "a URL of 2,000 characters", sent: { profile_url: `https://x.example/${"x".repeat(2_000)}` } },
  { name: "another scheme in a new URL", sent: { logout_url: "mailto:help@example.com" } },
  { name: "a provider type of 300 characters", sent: { provider_type: "x".repeat(300) } },
  { name: "a slug of 51 characters", sent: { slug: "s".repeat(51) } },
  { name: "a slug of 255 characters", sent: { slug: "s".repeat(255) } },
  { name: "an empty name", sent: { name: "" } },
  { name: "a name of all scripts", sent: { name: "Ünï 漢字 🔑 \u202e\u0000".replace("\u0000", "") } },
  { name: "a new matching mode", sent: { user_matching_mode: "phone_link", policy_engine_mode: "most" } },
  {
    name: "nulls for keys of later versions",
    sent: { promoted: null, pkce: null, authorization_code_auth_method: null },
  },
  { name: "null for a verbose name", sent: { verbose_name: null } },
  { name: "an object for a component", sent: { component: { form: "x" } } },
  { name: "a type that lacks keys", sent: { type: { name: "novel" } } },
  { name: "a flow in upper case", sent: { authentication_flow: flow } },
  { name: "a number beyond JavaScript's", sent: { novel: rawJson("12345678901234567890") } },
  { name: "a number beyond all", sent: { novel: rawJson("[1e400, -0, 1.0]") } },
  { name: "200 levels of lists", sent: { oidc_jwks: nested(200) } },
  { name: "null for the key set", sent: { oidc_jwks: null } },
  {
    name: "keys that only look like secrets",
    sent: { passwordless: true, secretary: "x", client_assertion_type: "y" },
  },
  { name: "a key that every object has", sent: { constructor: null, toString: 1, length: -1 } },
];

const unsafe = (name: string, sent: OddValue["sent"], served: OddValue["sent"], key: string): OddValue => ({
  ...{ name, sent, served },
  warnings: [[key, "unsafe_url"]],
});

const unsafeUrls: OddValue[] = [
  unsafe("javascript: in a URL", { profile_url: "javascript:alert(1)" }, { profile_url: null }, "profile_url"),
  unsafe("data: in a URL", { access_token_url: "DATA:text/html,x" }, { access_token_url: null }, "access_token_url"),
  unsafe("a tab in javascript:", { oidc_jwks_url: " java\tscript:x" }, { oidc_jwks_url: "" }, "oidc_jwks_url"),
  unsafe("vbscript:", { oidc_well_known_url: "vbscript:x" }, { oidc_well_known_url: "" }, "oidc_well_known_url"),
  unsafe("javascript: for an icon", { icon: "javascript:x" }, { icon: "/static/authentik/sources/apple.svg" }, "icon"),
  unsafe("javascript: beside icon_url", { icon: "javascript:x", icon_url: "/x" }, { icon: "" }, "icon"),
  unsafe("a page in icon_url", { icon_url: "data:text/html,x" }, { icon_url: null }, "icon_url"),
  unsafe(
    "javascript: for a theme",
    { icon_themed_urls: { light: "/x", dark: "javascript:x" } },
    { icon_themed_urls: { light: "/x", dark: "" } },
    "icon_themed_urls.dark",
  ),
  unsafe(
    "javascript: in a type",
    { type: { ...type, authorization_url: "javascript:x" } },
    { type },
    "type.authorization_url",
  ),
  unsafe("javascript: in a new URL", { logout_url: "JavaScript:x" }, { logout_url: null }, "logout_url"),
  unsafe(
    "javascript: in a list",
    { redirect_uris: ["/x", "javascript:x"] },
    { redirect_uris: ["/x", null] },
    "redirect_uris.1",
  ),
  unsafe(
    "javascript: far below",
    { novel: { some: { deepUrl: { a: "javascript:x" } } } },
    { novel: { some: { deepUrl: { a: null } } } },
    "novel.some.….a",
  ),
];

const wrong = (key: string, value: unknown, column: unknown): OddValue => ({
  name: `${JSON.stringify(value) ?? "nothing"} for ${key}`,
  sent: { [key]: value },
  columns: { [key]: column },
  warnings: [[key, value === undefined ? "missing" : "wrong_type"]],
});

const wrongTypes: OddValue[] = [
  ...[wrong("enabled", "yes", null), wrong("enabled", null, null), wrong("enabled", 1, null)],
  wrong("enabled", undefined, null),
  ...[wrong("policy_engine_mode", null, "any"), wrong("user_matching_mode", { mode: "x" }, "identifier")],
  wrong("user_path_template", ["x"], "goauthentik.io/sources/%(slug)s"),
  ...[wrong("consumer_key", null, ""), wrong("consumer_key", 12, ""), wrong("consumer_key", undefined, "")],
  ...[wrong("provider_type", null, ""), wrong("provider_type", { name: "github" }, "")],
  wrong("provider_type", undefined, ""),
  ...[wrong("authentication_flow", { pk: flow }, null), wrong("enrollment_flow", [flow], null)],
  ...[wrong("managed", 7, null), wrong("additional_scopes", ["openid"], "")],
  ...[wrong("profile_url", { href: "https://x.example/" }, null), wrong("request_token_url", false, null)],
  ...[wrong("oidc_jwks_url", null, ""), wrong("oidc_well_known_url", [], "")],
  ...[wrong("promoted", "yes", null), wrong("pkce", { method: "S256" }, null)],
  ...[wrong("group_matching_mode", [], "identifier"), wrong("authorization_code_auth_method", 1, null)],
  {
    ...{ name: "a number beyond all for consumer_key", sent: { consumer_key: rawJson("1e400") } },
    ...{ columns: { consumer_key: "" }, warnings: [["consumer_key", "wrong_type"]] },
  },
  {
    ...{ name: "null for a type", sent: { type: null, provider_type: "unheard-of" } },
    ...{
      served: { type: { ...type, name: "default", verbose_name: "Default source type", urls_customizable: false } },
    },
    warnings: [["type", "wrong_type"]],
  },
  {
    ...{ name: "a name for a type", sent: { type: "github", provider_type: "unheard-of" } },
    ...{
      served: { type: { ...type, name: "default", verbose_name: "Default source type", urls_customizable: false } },
    },
    warnings: [["type", "wrong_type"]],
  },
  {
    ...{ name: "what another source is managed by", sent: { managed: "goauthentik.io/sources/x" } },
    warnings: [["managed", "duplicate"]],
  },
];

const others: OddValue[] = [
  {
    ...{ name: "a NUL in text", sent: { consumer_key: "a\0b" }, served: { consumer_key: "a\ufffdb" } },
    warnings: [["consumer_key", "not_text"]],
  },
  {
    ...{
      name: "half a surrogate pair",
      sent: { additional_scopes: "a\ud800" },
      served: { additional_scopes: "a\ufffd" },
    },
    warnings: [["additional_scopes", "not_text"]],
  },
  {
    ...{ name: "a secret", sent: { consumer_secret: "hunter2" }, served: { consumer_secret: undefined } },
    warnings: [["consumer_secret", "secret"]],
  },
  {
    ...{
      name: "a secret far below",
      sent: { novel: [{ clientSecret: "hunter2", a: 1 }] },
      served: { novel: [{ a: 1 }] },
    },
    warnings: [["novel.0.clientSecret", "secret"]],
  },
  {
    ...{ name: "a private key", sent: { oidc_jwks: { keys: [{ ...jwk, d: "hunter2" }] } } },
    ...{ served: { oidc_jwks: { keys: [jwk] } }, warnings: [["oidc_jwks.keys.….d", "secret"]] },
  },
  {
    ...{ name: "more than 64 KiB", sent: { additional_scopes: "x".repeat(65_536) } },
    ...{ warnings: [["additional_scopes", "too_large"]], isHeld: true },
  },
  {
    ...{ name: "more than 64 KiB in half as many characters", sent: { novel: "中".repeat(22_000) } },
    ...{ warnings: [["novel", "too_large"]], isHeld: true },
  },
  {
    ...{ name: "201 levels of lists", sent: { oidc_jwks: nested(201) } },
    ...{ warnings: [["oidc_jwks", "too_deep"]], isHeld: true },
  },
  {
    ...{ name: "more levels than a call stack has", sent: { novel: nested(20_000) } },
    ...{ warnings: [["novel", "too_deep"]], isHeld: true },
  },
];

/** Sixty-three, and some more. */
export const oddValues: OddValue[] = [...kept, ...unsafeUrls, ...wrongTypes, ...others];
