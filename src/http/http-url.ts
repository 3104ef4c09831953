/**
 * Whether a value is an http(s) origin with an optional path, and nothing else: it is shown to readers, with paths put after
 * it, so that a password, a query or a fragment has no place in it.
 */
export const isHttpUrl = (value: unknown): value is string =>
  typeof value === "string" && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i.test(value) && URL.canParse(value);

/** The URL's normal form (letter case, default port, punycode), without a slash at its end: what authentik itself would show. */
export const normalUrl = (url: string): string => new URL(url).href.replace(/\/+$/, "");

/** Whether what is sent there can be read on the way; within this machine it cannot. */
export const isInTheClear = (url: URL): boolean => url.protocol === "http:" && !isLoopback(url.hostname);

const isLoopback = (host: string) => /^(localhost|.+\.localhost|127(\.[0-9]+){3}|\[::1\])$/.test(host);
