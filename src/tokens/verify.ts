import { eq } from "drizzle-orm";
import { ask, type Database } from "../db/client.ts";
import { apiTokens } from "../db/schema.ts";
import type { Principal } from "../middleware/bearer-auth.ts";
import { digestToken, isWellFormed } from "./format.ts";

/**
 * Looks a token up in the store. A mistyped one of ours is refused without asking.
 * @param now milliseconds since 1970
 * @throws StoreError
 */
export async function verifyStoredToken(db: Database, token: string, now: number): Promise<Principal | null> {
  if (!(await isWellFormed(token))) return null;
  const digest = await digestToken(token);
  const [found] = await ask(() => db.select().from(apiTokens).where(eq(apiTokens.digest, digest)));
  if (found === undefined || found.revokedAt !== null) return null;
  if (found.expiresAt !== null && found.expiresAt <= now) return null;
  return { id: String(found.id), mayViewSources: found.scope === "sources:read" };
}
