import { eq } from "drizzle-orm";
import * as z from "zod/mini";
import { ask, type Database } from "../db/database.ts";
import { apiTokens } from "../db/schema.ts";
import { StoreError } from "../db/store-error.ts";

const time = z.nullable(z.int());

const rowSchema = z.object({
  id: z.int(),
  scope: z.enum(apiTokens.scope.enumValues),
  /** Milliseconds since 1970; null: never. */
  expiresAt: time,
  revokedAt: time,
});

/** What is known of a token; null where there is none, or no more. */
export const verdictSchema = z.nullable(z.omit(rowSchema, { revokedAt: true }));

export type Verdict = z.infer<typeof verdictSchema>;

/**
 * Looks a token up by its digest.
 * @throws StoreError where the store does not answer, or with something else than a token
 */
export async function findToken(db: Database, digest: string): Promise<Verdict> {
  const { id, scope, expiresAt, revokedAt } = apiTokens;
  const columns = { id, scope, expiresAt, revokedAt };
  const [row] = await ask(() => db.select(columns).from(apiTokens).where(eq(apiTokens.digest, digest)));
  if (!row) return null;
  const { success, data, error } = rowSchema.safeParse(row);
  if (!success) throw new StoreError("a token in the store breaks the schema", { cause: error });
  return data.revokedAt === null ? verdictSchema.parse(data) : null;
}
