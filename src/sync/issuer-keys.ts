import { inArray, not } from "drizzle-orm";
import * as z from "zod/mini";
import { isInTheClear } from "../base/http-url.ts";
import type { WritableDatabase } from "../db/database.ts";
import { issuerKeys } from "../db/schema.ts";
import { SyncError } from "./sync-error.ts";
import { shownAddress } from "./upstream/address.ts";
import { fetchUpstream, type UpstreamOptions } from "./upstream/fetch.ts";
import { gatherWarnings, type Warnings } from "./warning.ts";

/** Of one issuer. authentik has one key a provider, and two while it is rotated. */
const mostKeys = 20;
const largestAnswer = 64 * 1024;

/** The members that a public key of a kind has (RFC 7518, section 6; RFC 8037). No other is kept, a private one least of all. */
const members: Record<string, string[]> = { RSA: ["n", "e"], EC: ["crv", "x", "y"], OKP: ["crv", "x"] };
const common = ["kty", "kid", "alg", "use"];

const configurationSchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
/** In the place of zod's own record, which is half a KiB of the Worker. */
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

const keySetSchema = z.looseObject({ keys: z.array(z.custom<Record<string, unknown>>(isObject)) });

type PublicKey = Record<string, string>;

/** A public signing key with the members that it needs; undefined for any other. */
function readKey(key: Record<string, unknown>): PublicKey | undefined {
  const own = members[String(key.kty)];
  if (!own || typeof key.kid !== "string" || (key.use !== undefined && key.use !== "sig")) return undefined;
  const names = [...common.filter((name) => key[name] !== undefined), ...own];
  if (!names.every((name) => typeof key[name] === "string")) return undefined;
  return Object.fromEntries(names.map((name) => [name, String(key[name])]));
}

/** @throws SyncError for an address at which somebody on the way could put keys of their own */
function checkedAddress(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || isInTheClear(url)) {
    throw new SyncError(`${shownAddress(text)} is no https:// address, nor one of this machine`);
  }
  return url;
}

/**
 * Fetches the public keys of an issuer: its OpenID configuration, and the set that this names. Nothing of ours goes along.
 * @throws SyncError
 */
async function fetchKeys(issuer: string, options: UpstreamOptions): Promise<PublicKey[]> {
  const limits = { ...options.limits, pageBytes: largestAnswer };
  const read = async <T>(url: URL, schema: z.ZodMiniType<T>, what: string): Promise<T> => {
    const { json } = await fetchUpstream(url, { ...options, limits, token: undefined });
    const { success, data } = schema.safeParse(json);
    if (!success) throw new SyncError(`${shownAddress(url.href)} gave ${what}`);
    return data;
  };
  const configurationUrl = checkedAddress(`${issuer.replace(/\/*$/, "/")}.well-known/openid-configuration`);
  const configuration = await read(configurationUrl, configurationSchema, "no OpenID configuration");
  if (configuration.issuer !== issuer) {
    throw new SyncError(
      `${shownAddress(configurationUrl.href)} is of another issuer than OIDC_ISSUER names, to the letter`,
    );
  }
  const keysUrl = checkedAddress(configuration.jwks_uri);
  const { keys: all } = await read(keysUrl, keySetSchema, "no set of keys");
  if (all.length > mostKeys) throw new SyncError(`${shownAddress(keysUrl.href)} gave more than ${mostKeys} keys`);
  const keys = all.map(readKey).filter((key) => key !== undefined);
  if (keys.length === 0)
    throw new SyncError(`${shownAddress(keysUrl.href)} gave no public key that has a kid and signs`);
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) {
    throw new SyncError(`${shownAddress(keysUrl.href)} gave two keys with one kid`);
  }
  return keys;
}

/**
 * Makes the store's keys equal to those of the issuers, each for itself: where an issuer's cannot be had, the store keeps those that
 * it has, and there is a warning. Keys of other issuers go.
 * @returns whether any has changed
 * @throws whatever the store throws
 */
export async function syncIssuerKeys(
  db: WritableDatabase,
  issuers: readonly string[],
  options: UpstreamOptions,
): Promise<{ isChanged: boolean; warnings: Warnings }> {
  const { warnings, warnOf } = gatherWarnings();
  const stored = new Map((await db.select().from(issuerKeys)).map(({ issuer, keys }) => [issuer, keys]));
  let isChanged = false;
  for (const issuer of issuers) {
    try {
      const keys = JSON.stringify(await fetchKeys(issuer, options));
      if (keys === stored.get(issuer)) continue;
      const set = { keys, changedAt: options.now() };
      await db
        .insert(issuerKeys)
        .values({ issuer, ...set })
        .onConflictDoUpdate({ target: issuerKeys.issuer, set });
      isChanged = true;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      warnOf(null)(["issuer_keys"], "unavailable", error.message);
    }
  }
  if ([...stored.keys()].some((issuer) => !issuers.includes(issuer))) {
    await db.delete(issuerKeys).where(not(inArray(issuerKeys.issuer, [...issuers])));
    isChanged = true;
  }
  return { isChanged, warnings };
}
