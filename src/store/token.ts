import { and, eq, isNull } from "drizzle-orm";
import * as z from "zod/mini";
import { finiteNumber } from "../base/number-schema.ts";
import { type Database, runQuery } from "../db/database.ts";
import { apiTokens } from "../db/schema.ts";

/** What the store says of a token; null where it is unknown or revoked. */
export const verdictSchema = z.nullable(
  z.object({
    id: finiteNumber,
    scope: z.enum(apiTokens.scope.enumValues),
    /** Milliseconds since 1970; null: never. */
    expiresAt: z.nullable(finiteNumber),
  }),
);

export type Verdict = z.infer<typeof verdictSchema>;

/**
 * Looks a token up by its digest.
 * @throws Unavailable where the store does not answer
 */
export async function lookUpToken(db: Database, digest: string): Promise<Verdict> {
  const { id, scope, expiresAt } = apiTokens;
  const isValid = and(eq(apiTokens.digest, digest), isNull(apiTokens.revokedAt));
  const [row = null] = await runQuery(() => db.select({ id, scope, expiresAt }).from(apiTokens).where(isValid));
  const { success, data } = verdictSchema.safeParse(row);
  if (success) return data;
  // An expiry that is text, for instance: whatever it was to say, it keeps no token good.
  console.error("a token in the store breaks the schema, and is no good");
  return null;
}
