import * as z from "zod/mini";
import { isHttpUrl } from "./base/http-url.ts";
import { defaultFreshness } from "./cache/freshness.ts";
import { defaultTokenGraceSeconds } from "./tokens/verify.ts";

/** As browsers send it: that of an app, such as capacitor://localhost, is none by the URL standard. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return Boolean(url?.host) && text === `${url?.protocol}//${url?.host}`;
}

const wholeSeconds = z.string().check(z.regex(/^[0-9]{1,8}$/, "must be a whole number of seconds"));

const seconds = (fallback: number) => z.pipe(z._default(wholeSeconds, String(fallback)), z.transform(Number));

const optionalSeconds = z.optional(z.pipe(wholeSeconds, z.transform(Number)));

const list = z.pipe(
  z._default(z.string(), ""),
  z.transform((text) => text.split(",").flatMap((part) => part.trim() || [])),
);

const words = z.pipe(
  z._default(z.string(), ""),
  z.transform((text) => text.split(/\s+/).filter((word) => word !== "")),
);

/** What a bearer token may hold (RFC 6750, section 2.1), and enough of it. */
export const hookSecret = {
  form: /^[A-Za-z0-9._~+/=-]{32,256}$/,
  rule: "must have 32 to 256 characters, letters, digits and . _ ~ + / = - only",
};

/** What the Worker is configured with, by variables and secrets of wrangler. An empty one counts as not set. */
const variablesSchema = z.object({
  /** The store: a `libsql://`, `https://` or `http://` URL. Without it the D1 that is bound, and without that every list is a 503. */
  LIBSQL_URL: z.optional(z.string()),
  /** The store's own token, where it asks for one. */
  LIBSQL_AUTH_TOKEN: z.optional(z.string()),
  /** The public URL of authentik, on which callback URLs are built. Without it: the origin of the request. */
  AUTHENTIK_URL: z.optional(
    z
      .string()
      .check(z.refine(isHttpUrl, "must be an http:// or https:// origin with an optional path, and nothing else")),
  ),
  /** What stands in front of the store: Workers Cache, the Cache API of the data centre, or nothing. */
  EDGE_CACHE: z._default(z.enum(["platform", "cache-api", "off"], "must be platform, cache-api or off"), "cache-api"),
  /** A response is served for so long without asking the store. */
  CACHE_FRESH_SECONDS: seconds(defaultFreshness.fresh),
  /** A stale response is served for so long while a new one is loaded. */
  CACHE_STALE_SECONDS: seconds(defaultFreshness.staleWhileRevalidate),
  /** A stale response is served for so long while the store fails. */
  CACHE_ERROR_SECONDS: seconds(defaultFreshness.staleIfError),
  /** A good token stays good for so long while the store fails. */
  TOKEN_GRACE_SECONDS: seconds(defaultTokenGraceSeconds),
  /** The share of hits that are logged, from 0 (none) to 1 (all): hits are many, all alike, and lines are billed. */
  LOG_HITS: z.pipe(
    z._default(z.string().check(z.regex(/^(0(\.[0-9]{1,6})?|1)$/, "must be a number from 0 to 1")), "0.01"),
    z.transform(Number),
  ),
  /** The origins whose pages may read the list, separated by commas. */
  CORS_ORIGINS: z.pipe(
    list,
    z.array(z.string().check(z.refine(isOrigin, "must be origins such as https://app.example"))),
  ),
  /** The issuers whose access tokens are taken for bearer tokens, separated by blanks. Without any: the store's tokens alone. */
  OIDC_ISSUER: words,
  /** For whom these tokens must be made: a client's ID for each issuer, in their order. */
  OIDC_AUDIENCE: words,
  /** A scope that such a token must have. Without it, whoever can get a token of the client reads the whole list. */
  OIDC_SCOPE: z.optional(z.string().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "must be one scope"))),
  /** An API token of authentik that may view OAuth sources: a secret. Without it the scheduled job does nothing. */
  AUTHENTIK_TOKEN: z.optional(z.string()),
  /** Where the sync reads, if not at AUTHENTIK_URL. Checked by each run: a wrong one is no reason to stop serving. */
  AUTHENTIK_SYNC_URL: z.optional(z.string()),
  /** Takes a list even where most of the sources in the store are not in it. For one run. */
  SYNC_ALLOW_REMOVALS: z._default(z.enum(["true", "false"], "must be true or false"), "false"),
  /** What authentik's webhook must know to ask for a run: a secret. Without it there is no webhook. */
  SYNC_HOOK_SECRET: z.optional(z.string().check(z.regex(hookSecret.form, hookSecret.rule))),
  /** `/readyz` says no where the last good run is older. Without it, however old it is. */
  SYNC_MAX_AGE_SECONDS: optionalSeconds,
});

export const variableNames = Object.keys(variablesSchema.shape);

export type Variables = z.input<typeof variablesSchema>;

export type EdgeCache = z.infer<typeof variablesSchema>["EDGE_CACHE"];

export type Settings = ReturnType<typeof readSettings>;

const nameProblems = (issues: z.core.$ZodIssue[]) =>
  [...new Set(issues.map(({ path: [name], message }) => `${String(name)} ${message}`))].join("; ");

const isOfSync = (name: PropertyKey | undefined) => String(name).startsWith("SYNC_");

/**
 * Checks the configuration.
 * @throws Error naming every variable that is wrong, but for those of the sync
 */
export function readSettings(env: Variables) {
  const given = Object.entries(env).filter(([, value]) => value !== "");
  const issues = variablesSchema.safeParse(Object.fromEntries(given)).error?.issues ?? [];
  const wrong = new Set(issues.map(({ path: [name] }) => name));
  const data = variablesSchema.safeParse(
    Object.fromEntries(given.filter(([name]) => !isOfSync(name) || !wrong.has(name))),
  ).data;
  if (!data) throw new Error(`the configuration is wrong: ${nameProblems(issues)}`);
  return {
    oidc: { issuers: readIssuers(data), scope: data.OIDC_SCOPE },
    libsql: { url: data.LIBSQL_URL, authToken: data.LIBSQL_AUTH_TOKEN },
    authentikUrl: data.AUTHENTIK_URL,
    edgeCache: data.EDGE_CACHE,
    freshness: {
      fresh: data.CACHE_FRESH_SECONDS,
      staleWhileRevalidate: data.CACHE_STALE_SECONDS,
      staleIfError: data.CACHE_ERROR_SECONDS,
    },
    tokenGraceSeconds: data.TOKEN_GRACE_SECONDS,
    logHits: data.LOG_HITS,
    corsOrigins: data.CORS_ORIGINS,
    sync: {
      upstream: data.AUTHENTIK_SYNC_URL ?? data.AUTHENTIK_URL,
      token: data.AUTHENTIK_TOKEN,
      allowRemovals: data.SYNC_ALLOW_REMOVALS === "true",
      hookSecret: data.SYNC_HOOK_SECRET,
      maxAgeSeconds: data.SYNC_MAX_AGE_SECONDS,
      /** What is wrong with its own variables, in a sentence: it fails the sync, and is no reason to stop serving. */
      problem: issues.length > 0 ? `the configuration of the sync is wrong: ${nameProblems(issues)}` : undefined,
    },
  };
}

type Words = Record<"OIDC_ISSUER" | "OIDC_AUDIENCE", string[]>;

/** Pairs them by their position. */
function readIssuers({ OIDC_ISSUER: issuers, OIDC_AUDIENCE: audiences }: Words) {
  const refuse = (message: string) => {
    throw new Error(`the configuration is wrong: ${message}`);
  };
  if (issuers.length !== audiences.length) {
    refuse(`OIDC_AUDIENCE must have a client's ID for each issuer of OIDC_ISSUER: ${issuers.length}`);
  }
  if (!issuers.every(isHttpUrl)) refuse("OIDC_ISSUER must hold http(s) URLs, separated by blanks");
  if (new Set(issuers).size < issuers.length) refuse("OIDC_ISSUER names an issuer twice");
  return issuers.map((issuer, i) => ({ issuer, audience: audiences[i] ?? "" }));
}
