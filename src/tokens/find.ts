import { and, eq, isNull } from "drizzle-orm";
import * as z from "zod/mini";
import { ask, type Database } from "../db/database.ts";
import { apiTokens } from "../db/schema.ts";
import { StoreError } from "../db/store-error.ts";

/** What is known of a token; null where there is none, or no more. */
export const verdictSchema = z.nullable(
  z.object({
    id: z.number(),
    scope: z.enum(apiTokens.scope.enumValues),
    /** Milliseconds since 1970; null: never. */
    expiresAt: z.nullable(z.number()),
  }),
);

export type Verdict = z.infer<typeof verdictSchema>;

/**
 * Looks a token up by its digest.
 * @throws StoreError where the store does not answer, or with something else than a token
 */
export async function findToken(db: Database, digest: string): Promise<Verdict> {
  const { id, scope, expiresAt } = apiTokens;
  const isGood = and(eq(apiTokens.digest, digest), isNull(apiTokens.revokedAt));
  const [row = null] = await ask(() => db.select({ id, scope, expiresAt }).from(apiTokens).where(isGood));
  const { success, data, error } = verdictSchema.safeParse(row);
  if (!success) throw new StoreError("a token in the store breaks the schema", { cause: error });
  return data;
}
