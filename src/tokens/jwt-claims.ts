import type { JWTPayload } from "hono/utils/jwt/types";

/** How far the clock of an issuer may be ahead. */
const skewSeconds = 60;

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Whether text is base64url as RFC 7515 writes it: without padding, and with zeros for the bits that belong to no byte. A token of
 * another spelling would be the same token to a decoder, and another one to a memory of verdicts.
 */
export function isCanonical(part: string): boolean {
  const unused = [0, undefined, 4, 2][part.length % 4];
  if (unused === undefined || !/^[\w-]+$/.test(part)) return false;
  return (base64url.indexOf(part.at(-1) ?? "") & (2 ** unused - 1)) === 0;
}

/** What a token says of itself, of which nothing is proved yet. */
export function readClaims(token: string): JWTPayload | undefined {
  const [, payload = ""] = token.split(".");
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims) ? (claims as JWTPayload) : undefined;
  } catch {
    return undefined;
  }
}

type Rule = [isKept: boolean, reason: string];

const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isNotBefore = (value: unknown, seconds: number) =>
  value === undefined || (isTime(value) && value <= seconds + skewSeconds);

/** What is ours to check once the signature, the issuer and the audience are good. @returns why it is refused */
export function refuseClaims(
  claims: JWTPayload,
  audience: string,
  scope: string | undefined,
  now: number,
): string | undefined {
  const seconds = now / 1000;
  const scopes = typeof claims.scope === "string" ? claims.scope.split(" ") : [];
  const rules: Rule[] = [
    [isTime(claims.exp) && claims.exp > seconds, "it has expired, or says no exp"],
    [isNotBefore(claims.nbf, seconds), "its nbf is ahead"],
    [isNotBefore(claims.iat, seconds), "its iat is ahead"],
    // authentik's access tokens name their client in `azp`; its ID tokens, of the same key and audience, have none.
    [claims.azp === audience, "it is no access token of this client: azp"],
    [scope === undefined || scopes.includes(scope), "it lacks the scope"],
  ];
  return rules.find(([isKept]) => !isKept)?.[1];
}
