import { eq } from "drizzle-orm";
import * as z from "zod/mini";
import { Unavailable } from "../base/unavailable.ts";
import type { Freshness } from "../cache/freshness.ts";
import { type Database, runQuery } from "../db/database.ts";
import { issuerKeys } from "../db/schema.ts";

/** A key that its issuer withdraws ends within a run of the sync and 60 s; a day without the store ends no token. */
export const keysFreshness: Freshness = { fresh: 55, staleWhileRevalidate: 0, staleIfError: 86_400 };

/** A public key of an issuer: what verifying needs of it, see `sync/issuer-keys.ts`. */
const publicKeySchema = z.looseObject({ kid: z.string(), kty: z.enum(["RSA", "EC", "OKP"]) });

/** The keys of an issuer, as the store keeps them; none where it is not known. */
export const keySetSchema = z.object({ keys: z.array(publicKeySchema) });

export type KeySet = z.infer<typeof keySetSchema>;

/**
 * Reads the public keys of an issuer that the sync has stored: none where it has none.
 * @throws Unavailable where the store does not answer, or with something else than keys
 */
export async function readIssuerKeys(db: Database, issuer: string): Promise<KeySet> {
  const { keys } = issuerKeys;
  const [row] = await runQuery(() => db.select({ keys }).from(issuerKeys).where(eq(issuerKeys.issuer, issuer)));
  const { success, data, error } = keySetSchema.safeParse({ keys: row ? JSON.parse(row.keys) : [] });
  if (!success) throw new Unavailable("the keys in the store break the schema", { cause: error });
  return data;
}
