import type { Context } from "hono";
import { verifyWithJwks } from "hono/utils/jwt/jwt";
import type { JWTPayload } from "hono/utils/jwt/types";
import { sha256Hexadecimal } from "../base/sha256.ts";
import type { Cached, WaitUntil } from "../cache/cache.ts";
import { isFresh, isFromPast, timeToLive } from "../cache/freshness.ts";
import { Lru } from "../cache/lru.ts";
import { memoryStorage } from "../cache/memory.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import type { Principal } from "../http/context.ts";
import { type KeySet, keySetSchema } from "../store/issuer-keys.ts";
import { isCanonical, readClaims, refuseClaims } from "./jwt-claims.ts";
import type { TokenVerifier } from "./verify.ts";

/** An issuer whose tokens are taken, and for whom they must be made. */
export interface Issuer {
  /** As `iss` has it: of authentik, `https://authentik.example/application/o/SLUG/`. */
  issuer: string;
  /** The client's ID. */
  audience: string;
}

export interface JwtVerifierOptions {
  issuers: readonly Issuer[];
  /** A scope that a token must have. @default none */
  scope?: string | undefined;
  /** Reads the public keys of an issuer, as `store/issuer-keys.ts` writes them. */
  readKeys: (issuer: string, c: Context) => Promise<Cached<StoredResponse>>;
  /** Called before a signature is checked; throws to refuse. */
  beforeCheck?: (c: Context) => Promise<void>;
  waitUntil: (c: Context) => WaitUntil;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told why a token is refused: never the caller. @default console.log */
  log?: (reason: string) => void;
}

/** Longer than any access token that authentik makes of its own accord. */
export const longestJwt = 8 * 1024;

/** Public keys only: with a shared secret, whoever verifies could make tokens too. */
const algorithms = (["RS", "PS", "ES"] as const).flatMap((family) => [
  `${family}256` as const,
  `${family}384` as const,
  `${family}512` as const,
]);
const allowedAlgorithms = [...algorithms, "EdDSA" as const];

/** Of tokens whose verdict is remembered: 4 MiB of good ones; guesses are apart, so that they evict nobody. */
const goodBounds = { entries: 10_000, size: 4 * 1024 * 1024 };
const badBounds = { entries: 1_000, size: 512 * 1024 };

/** Three parts, and none of our own tokens: these have no dot. */
export const looksLikeJwt = (token: string): boolean => token.split(".").length === 3 && !token.startsWith("ase_");

interface Verdict {
  principal: Principal | null;
  /** When the keys that it was checked with are no longer fresh, or the token expires; milliseconds since 1970. */
  until: number;
  /** When it was made. */
  generatedAt: number;
}

/**
 * Verifies access tokens that an issuer has signed, by its public keys, which the sync keeps in the store: no request goes to the
 * issuer. A verdict is remembered in the isolate while its keys are fresh. Whatever is wrong with a token, the caller is told the
 * same.
 */
export function jwtVerifier(options: JwtVerifierOptions): TokenVerifier {
  const { issuers, scope, readKeys, beforeCheck, waitUntil, now, log = console.log } = options;
  const keySets = swrCache<KeySet>({ storage: memoryStorage({ entries: issuers.length }), now });
  const good = new Lru<Verdict>(goodBounds);
  const bad = new Lru<Verdict>(badBounds);

  async function load(issuer: string, c: Context): Promise<Cached<KeySet>> {
    const found = await readKeys(issuer, c);
    return { ...found, value: keySetSchema.parse(JSON.parse(found.value.body)) };
  }

  function peekVerdict(token: string): Verdict | undefined {
    const known = good.peek(token) ?? bad.peek(token);
    return known && now() < known.until && isFromPast(known, now()) ? known : undefined;
  }

  function refuse(reason: string): null {
    log(JSON.stringify({ jwt: "refused", reason }));
    return null;
  }

  /** @returns the principal, or null where anything is wrong */
  async function check(token: string, { issuer, audience }: Issuer, { keys }: KeySet): Promise<Principal | null> {
    const verification = { iss: issuer, aud: audience, exp: false, nbf: false, iat: false };
    let claims: JWTPayload;
    try {
      claims = await verifyWithJwks(token, { keys, allowedAlgorithms, verification });
    } catch (error) {
      // Its message holds the token.
      return refuse(error instanceof Error ? error.name : "unreadable");
    }
    const reason = refuseClaims(claims, audience, scope, now());
    if (reason !== undefined) return refuse(reason);
    // Short, for the log and the limit by token: the subject itself is a person's.
    const id = (await sha256Hexadecimal(`${issuer}\n${claims.sub}`)).slice(0, 16);
    return { id: `jwt:${id}`, mayViewSources: true };
  }

  return {
    peek: (token) => peekVerdict(token)?.principal ?? undefined,
    async verify(token, c) {
      const known = peekVerdict(token);
      if (known) return known.principal;
      if (token.length > longestJwt || !token.split(".").every(isCanonical)) return refuse("its spelling");
      const claims = readClaims(token);
      const pair = issuers.find(({ issuer }) => issuer === claims?.iss);
      await beforeCheck?.(c);
      if (!claims || !pair) return refuse("its issuer is none of OIDC_ISSUER");
      const keySet = await keySets.get(pair.issuer, () => load(pair.issuer, c), waitUntil(c));
      const principal = await check(token, pair, keySet.value);
      if (isFresh(keySet, now())) {
        const keysUntil = now() + timeToLive(keySet, now()) * 1000;
        const until = principal ? Math.min(keysUntil, Number(claims.exp) * 1000) : keysUntil;
        (principal ? good : bad).set(token, { principal, until, generatedAt: now() }, token.length);
      }
      return principal;
    },
  };
}

/** Verifies JWTs by their issuer's keys, and all other tokens by the store. */
export function jwtOrElse(jwt: TokenVerifier, store: TokenVerifier): TokenVerifier {
  const verifierOf = (token: string) => (looksLikeJwt(token) ? jwt : store);
  return {
    peek: (token) => verifierOf(token).peek(token),
    verify: (token, c) => verifierOf(token).verify(token, c),
  };
}
