import type { Context } from "hono";
import { type Answer, isFresh } from "../cache/answer.ts";
import { BoundedMap } from "../cache/bounded-map.ts";
import { localCache } from "../cache/local-cache.ts";
import type { StageContext } from "../cache/stage.ts";
import type { Storage } from "../cache/storage.ts";
import { StoreError } from "../db/store-error.ts";
import type { VerifyToken } from "../middleware/bearer-auth.ts";
import { oncePer } from "../once-per.ts";
import { verdictSchema } from "./find.ts";
import { digestToken, isWellFormed } from "./format.ts";

export interface VerifierOptions {
  /** Asks the origin about a digest. */
  lookUp: (digest: string, c: Context) => Promise<Answer>;
  /** Called before a token is looked up that is not known here as good; throws to refuse. */
  beforeLookUp?: (c: Context) => Promise<void>;
  contextOf: (c: Context) => StageContext;
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
function verdictStorage(): Storage {
  const good = new BoundedMap<Answer>({ entries: goodTokens });
  const bad = new BoundedMap<Answer>({ entries: badTokens });
  const match = (digest: string) => bad.get(digest) ?? good.get(digest);
  return {
    match: async (digest) => match(digest),
    async put(digest, answer) {
      if (answer.generatedAt < (match(digest)?.generatedAt ?? 0)) return;
      const [map, other] = answer.body === "null" ? [bad, good] : [good, bad];
      other.delete(digest);
      map.set(digest, answer);
    },
  };
}

/** Memory gives the same answer again and again: its body is read once. */
const verdictOf = oncePer(({ body }: Answer) => verdictSchema.parse(JSON.parse(body)));

/**
 * Verifies tokens by the store. A verdict is kept in the isolate, under the token's digest, for as long as the origin says:
 * that is how soon a revocation counts, and for how long a good token stays good while the store is down. It is never
 * kept where another Worker could write: a planted verdict would be a way in.
 */
export function createVerifier({ lookUp, beforeLookUp, contextOf, now }: VerifierOptions): VerifyToken {
  const storage = verdictStorage();
  const verdicts = localCache({ storage, now });

  return async function verify(token, c) {
    const digest = await digestToken(token);
    const kept = await storage.match(digest);
    if (!kept && !(await isWellFormed(token))) return null;
    if (!kept || (verdictOf(kept) === null && !isFresh(kept, now()))) await beforeLookUp?.(c);
    const { answer } = await verdicts.serve(digest, () => lookUp(digest, c), contextOf(c));
    if (answer.status !== 200) throw new StoreError(`the token cannot be looked up: ${answer.status}`);
    const verdict = verdictOf(answer);
    if (!verdict || (verdict.expiresAt !== null && verdict.expiresAt <= now())) return null;
    return { id: String(verdict.id), mayViewSources: verdict.scope === "sources:read" };
  };
}
