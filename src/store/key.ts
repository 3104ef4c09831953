/** Goes up whenever a body that is read here changes its form, so that a cache that versions share gives no older one. */
const formVersion = 1;

/** No host of the world: what a cache keeps under it, no zone's traffic can read or plant. */
export const keyBase = `https://sources.internal/v${formVersion}`;

/**
 * The keys of what can be read in the store: each is a URL, which caches go by, and under which `Sources` serves it. A key says all
 * that the answer depends on, and nothing of the client.
 * @param query canonical, see `canonicalQuery`
 * @param publicUrl where authentik is, without a slash at its end. In the key, since Workers Cache ignores the host: two Workers
 * would share callback URLs.
 */
export const listKey = (query: string, publicUrl: string): string => sourcesKey("", query, publicUrl);

export const sourceKey = (slug: string, publicUrl: string): string => sourcesKey(`${slug}/`, "", publicUrl);

export const sourceTypesKey = (name: string | undefined, publicUrl: string): string =>
  sourcesKey("source_types/", name === undefined ? "" : `${new URLSearchParams({ name })}`, publicUrl);

const sourcesKey = (path: string, query: string, publicUrl: string) =>
  `${keyBase}/sources/oauth/${path}?${query && `${query}&`}public_url=${encodeURIComponent(publicUrl)}`;

/** @param digest of a bearer token, see `digestToken` */
export const tokenKey = (digest: string): string => `${keyBase}/tokens/${digest}`;

export const issuerKeysKey = (issuer: string): string => `${keyBase}/issuer_keys/?${new URLSearchParams({ issuer })}`;

/** The icons that there are, of enabled sources. */
export const iconIndexKey = `${keyBase}/icons/`;

/** @param digest of an icon's bytes, as the index has it */
export const iconImageKey = (digest: string): string => `${keyBase}/icons/${digest}`;

export const readyKey = `${keyBase}/ready`;

export const statusKey = `${keyBase}/status`;

/**
 * The path of a key below its form version; undefined for a URL that is none. A trusted client may be one version older or newer
 * than the Worker, whichever is upgraded first.
 */
export function pathOfKey({ pathname }: URL): string | undefined {
  const [, version, path] = /^\/v([0-9]{1,4})(\/.*)$/.exec(pathname) ?? [];
  return Math.abs(Number(version) - formVersion) <= 1 ? path : undefined;
}
