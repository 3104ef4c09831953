import type { Context } from "hono";
import type { Cached, Storage, WaitUntil } from "../cache/cache.ts";
import { isFresh, isFromPast, secondsOnError } from "../cache/freshness.ts";
import { Lru } from "../cache/lru.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import type { VerifyToken } from "../http/bearer.ts";
import type { Principal } from "../http/context.ts";
import { type Verdict, verdictSchema } from "../store/token.ts";
import { digestToken, isWellFormed } from "./format.ts";

/** How long a good token stays good while the store is down, in seconds. */
export const defaultTokenGraceSeconds = 3_600;

export interface TokenVerifierOptions {
  /** Reads the verdict on a digest, as `store/token.ts` writes it. */
  lookUp: (digest: string, c: Context) => Promise<Cached<StoredResponse>>;
  /** Called before a look-up of a token that is not known here as good; throws to refuse. */
  beforeLookUp?: (c: Context) => Promise<void>;
  waitUntil: (c: Context) => WaitUntil;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface TokenVerifier {
  verify: VerifyToken;
  /** Whom a token stands for, where its verdict is at hand and fresh. Nothing is asked. */
  peek: (token: string) => Principal | undefined;
}

/** Longer than any token of the store: a longer one costs no digest and no look-up. */
const longestToken = 1024;
/** Verdicts kept in an isolate: each less than two kilobytes. */
const goodTokens = 10_000;
const badTokens = 1_000;

/**
 * Two LRU maps by the token's text, so that guesses evict no good verdict. A verdict is in one of them at most: a newer one
 * replaces an older one wherever that was, or a revoked token would come back once its bad verdict is evicted.
 */
function verdictStorage(now: () => number) {
  const good = new Lru<Cached<Verdict>>({ entries: goodTokens });
  const bad = new Lru<Cached<Verdict>>({ entries: badTokens });
  const isOver = (verdict: Cached<Verdict>) => secondsOnError(verdict, now()) <= 0;
  const peek = (token: string) => bad.peek(token) ?? good.peek(token);
  return {
    peek,
    match: async (token) => bad.get(token) ?? good.get(token),
    async put(token, verdict) {
      const known = peek(token);
      if (known && isFromPast(known, now()) && verdict.generatedAt < known.generatedAt) return;
      const [map, other] = verdict.value === null ? [bad, good] : [good, bad];
      other.delete(token);
      // No token stays in memory for longer than its verdict is of use.
      map.prune(isOver);
      map.set(token, verdict);
    },
  } satisfies Storage<Verdict> & { peek: (token: string) => Cached<Verdict> | undefined };
}

function principalOf(verdict: Verdict, now: number): Principal | null {
  if (!verdict || (verdict.expiresAt !== null && verdict.expiresAt <= now)) return null;
  return { id: String(verdict.id), mayViewSources: verdict.scope === "sources:read" };
}

/**
 * Verifies tokens by the store. A verdict is kept in the isolate for as long as its freshness says: that is the revocation delay,
 * and how long a good token stays good while the store is down. It is never kept where another Worker could write: a planted
 * verdict would be a way in.
 */
export function tokenVerifier({ lookUp, beforeLookUp, waitUntil, now }: TokenVerifierOptions): TokenVerifier {
  const storage = verdictStorage(now);
  const verdicts = swrCache({ storage, now });

  async function load(token: string, c: Context): Promise<Cached<Verdict>> {
    const found = await lookUp(await digestToken(token), c);
    return { ...found, value: verdictSchema.parse(JSON.parse(found.value.body)) };
  }

  function peekFresh(token: string): Cached<Verdict> | undefined {
    const known = storage.peek(token);
    return known && isFresh(known, now()) && isFromPast(known, now()) ? known : undefined;
  }

  return {
    peek(token) {
      const known = peekFresh(token);
      return (known && principalOf(known.value, now())) ?? undefined;
    },
    async verify(token, c) {
      if (token.length > longestToken) return null;
      const fresh = peekFresh(token);
      if (fresh) return principalOf(fresh.value, now());
      const known = storage.peek(token);
      if (!known && !(await isWellFormed(token))) return null;
      if (!known?.value) await beforeLookUp?.(c);
      const { value } = await verdicts.get(token, () => load(token, c), waitUntil(c));
      return principalOf(value, now());
    },
  };
}
