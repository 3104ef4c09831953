import type { Context, Env } from "hono";
import { type Principal, waitUntilOf } from "../http/context.ts";
import { keysFreshness } from "../store/issuer-keys.ts";
import { type Issuer, jwtVerifier, looksLikeJwt } from "./jwt.ts";

export interface OidcTokensOptions<E extends Env> extends Issuer {
  /** A scope that a token must have. @default none: whoever can get a token of the client reads the whole list */
  scope?: string | undefined;
  /**
   * The issuer's public keys, as a JSON Web Key Set has them: of the store by `readIssuerKeys`, or from wherever the host keeps them. Asked once
   * in 55 s; where it rejects, the last ones hold for a day.
   */
  keys: (c: Context<E>) => Promise<{ keys: object[] }>;
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/**
 * A `verifyToken` for access tokens that an OpenID provider has signed. What is no JWT goes on to the store's own tokens.
 * @example
 * const sources = createSourcesApp<Env>({
 *   database: (c) => drizzle(c.env.DB),
 *   verifyToken: oidcTokens({
 *     issuer: "https://authentik.example/application/o/portal/",
 *     audience: "CLIENT-ID",
 *     keys: (c) => readIssuerKeys(drizzle(c.env.DB), "https://authentik.example/application/o/portal/"),
 *   }),
 * });
 */
export function oidcTokens<E extends Env>(options: OidcTokensOptions<E>) {
  const { issuer, audience, scope, keys, now = Date.now } = options;
  const { verify } = jwtVerifier({
    issuers: [{ issuer, audience }],
    scope,
    readKeys: async (_, c) => ({
      generatedAt: now(),
      value: { status: 200, headers: {}, body: JSON.stringify(await keys(c)) },
      freshness: keysFreshness,
      status: "bypass",
    }),
    waitUntil: waitUntilOf,
    now,
  });
  return async (token: string, c: Context<E>, byStore?: (token: string) => Promise<Principal | null>) =>
    looksLikeJwt(token) ? verify(token, c) : ((await byStore?.(token)) ?? null);
}
