import type { StoreKind, WritableDatabase } from "../../src/db/database.ts";
import { listTokens, storeToken } from "../../src/tokens/admin.ts";
import { createToken } from "../../src/tokens/format.ts";
import { UsageError } from "../command.ts";
import { migrateStore, openStore } from "../store.ts";
import { readStoreUrl } from "../store-url.ts";

/** The store that the Worker is to read. */
export interface SetupStore {
  kind: StoreKind;
  /** For a person. */
  shown: string;
  /** What the Worker is given to find it. */
  secrets: Record<string, string>;
  /** @returns how many migrations were missing; undefined where that is not told */
  migrate: () => Promise<number | undefined>;
  open: () => WritableDatabase;
}

/**
 * A libSQL server.
 * @throws UsageError
 */
export function libsqlStore(url: string, authToken: string | undefined): SetupStore {
  const { file, shown } = readStoreUrl(url, authToken);
  if (file) throw new UsageError("--libsql takes the address of a server, which the Worker can reach");
  const db = openStore(url, authToken);
  return {
    kind: "libsql",
    shown: `the libSQL database ${shown}`,
    secrets: { LIBSQL_URL: url, ...(authToken && { LIBSQL_AUTH_TOKEN: authToken }) },
    migrate: async () => {
      await migrateStore(db);
      return undefined;
    },
    open: () => db,
  };
}

const tokenName = "first reader, by npm run setup";

/**
 * Sees to it that there is a token for readers. A new one is told before it is stored, so that an answer that is lost loses nothing.
 * @returns the token, where it is new
 */
export async function ensureToken(db: WritableDatabase, tell: (token: string) => void): Promise<string | undefined> {
  const now = Date.now();
  const isGood = ({ name, revokedAt, expiresAt }: Awaited<ReturnType<typeof listTokens>>[number]) =>
    name === tokenName && revokedAt === null && (expiresAt === null || expiresAt > now);
  if ((await listTokens(db)).some(isGood)) return undefined;
  const token = await createToken();
  tell(token);
  await storeToken(db, token, { name: tokenName, scope: "sources:read", createdAt: now, expiresAt: null });
  return token;
}
