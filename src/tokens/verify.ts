import type { Context } from "hono";
import type { Cached, Storage, WaitUntil } from "../cache/cache.ts";
import { isFresh, isFromPast, secondsOnError, timeToLive } from "../cache/freshness.ts";
import { Lru } from "../cache/lru.ts";
import { swrCache } from "../cache/swr.ts";
import type { VerifyToken } from "../http/bearer.ts";
import type { Verdict } from "../store/token.ts";
import { digestToken, isWellFormed } from "./format.ts";

export interface TokenVerifierOptions {
  /** Reads the verdict on a digest. */
  lookUp: (digest: string, c: Context) => Promise<Cached<Verdict>>;
  /** Called before a look-up of a token that is not known here as good; throws to refuse. */
  beforeLookUp?: (c: Context) => Promise<void>;
  waitUntil: (c: Context) => WaitUntil;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Verdicts kept in an isolate: each less than a kilobyte. */
const goodTokens = 10_000;
const badTokens = 1_000;

/**
 * Two LRU maps, so that guesses evict no good verdict. A verdict is in one of them at most: a newer one replaces an older one
 * wherever that was, or a revoked token would come back once its bad verdict is evicted.
 */
function verdictStorage(now: () => number): Storage<Verdict> {
  const good = new Lru<Cached<Verdict>>({ entries: goodTokens });
  const bad = new Lru<Cached<Verdict>>({ entries: badTokens });
  const match = (digest: string) => bad.get(digest) ?? good.get(digest);
  return {
    match: async (digest) => match(digest),
    async put(digest, verdict) {
      const known = match(digest);
      if (known && isFromPast(known, now()) && verdict.generatedAt < known.generatedAt) return;
      const [map, other] = verdict.value === null ? [bad, good] : [good, bad];
      other.delete(digest);
      map.set(digest, verdict);
    },
  };
}

/** For so long a stale verdict holds: the store may be well again in a moment. */
const staleSeconds = 3;

const secondsUntilAskedAgain = (verdict: Cached<Verdict>, now: number): number =>
  isFresh(verdict, now) ? timeToLive(verdict, now) : Math.min(staleSeconds, secondsOnError(verdict, now));

/**
 * Verifies tokens by the store. A verdict is kept in the isolate, under the token's digest, for as long as its freshness says:
 * that is the revocation delay, and how long a good token stays good while the store is down. It is never kept where
 * another Worker could write: a planted verdict would be a way in.
 */
export function tokenVerifier({ lookUp, beforeLookUp, waitUntil, now }: TokenVerifierOptions): VerifyToken {
  const storage = verdictStorage(now);
  const verdicts = swrCache({ storage, now });

  return async function verifyToken(token, c) {
    const digest = await digestToken(token);
    const known = await storage.match(digest);
    if (!known && !(await isWellFormed(token))) return null;
    if (!known || (known.value === null && !isFresh(known, now()))) await beforeLookUp?.(c);
    const cached = await verdicts.get(digest, () => lookUp(digest, c), waitUntil(c));
    const { value: verdict } = cached;
    if (!verdict) return null;
    const expiresIn = verdict.expiresAt === null ? Number.POSITIVE_INFINITY : (verdict.expiresAt - now()) / 1000;
    if (expiresIn <= 0) return null;
    return {
      id: String(verdict.id),
      mayViewSources: verdict.scope === "sources:read",
      validForSeconds: Math.min(expiresIn, secondsUntilAskedAgain(cached, now())),
    };
  };
}
