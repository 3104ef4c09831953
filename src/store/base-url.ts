/** Goes up whenever a result changes its form, so that a cache that versions share gives no older one. */
const formVersion = 1;
export const lookupPrefix = `/v${formVersion}`;

/** No host of the world: what a cache keeps under it, no zone's traffic can read or plant. */
export const lookupBase = `https://sources.internal${lookupPrefix}`;
