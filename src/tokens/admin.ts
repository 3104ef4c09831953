import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { WritableDatabase } from "../db/database.ts";
import { apiTokens } from "../db/schema.ts";
import { digestToken } from "./format.ts";

export type Scope = typeof apiTokens.$inferSelect.scope;
export const scopes = apiTokens.scope.enumValues;

export interface NewToken {
  name: string;
  scope: Scope;
  /** Milliseconds since 1970, both; `null`: never. */
  createdAt: number;
  expiresAt: number | null;
}

/** The row of a token: its digest and its last four characters are all that is kept of it. */
export const tokenRow = async (token: string, fields: NewToken) => ({
  ...fields,
  digest: await digestToken(token),
  lastFour: token.slice(-4),
  revokedAt: null,
});

/** Stores the digest of a token; one that is there already is renewed, whatever had become of it. */
export async function storeToken(db: WritableDatabase, token: string, fields: NewToken): Promise<void> {
  const row = await tokenRow(token, fields);
  await db.insert(apiTokens).values(row).onConflictDoUpdate({ target: apiTokens.digest, set: row });
}

export type StoredToken = Omit<typeof apiTokens.$inferSelect, "digest">;

export async function listTokens(db: WritableDatabase): Promise<StoredToken[]> {
  const tokens = await db.select().from(apiTokens).orderBy(asc(apiTokens.id));
  return tokens.map(({ digest: _, ...token }) => token);
}

/** @returns what became of it: a second revocation keeps the time of the first */
export async function revokeToken(
  db: WritableDatabase,
  id: number,
  now: number,
): Promise<"revoked" | "already" | "unknown"> {
  const revoked = await db
    .update(apiTokens)
    .set({ revokedAt: now })
    .where(and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt)))
    .returning({ id: apiTokens.id });
  if (revoked.length > 0) return "revoked";
  const [known] = await db.select({ found: sql`1` }).from(apiTokens).where(eq(apiTokens.id, id));
  return known ? "already" : "unknown";
}
