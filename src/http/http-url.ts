/**
 * Whether a value is an http(s) origin with an optional path, and nothing else: it is shown to readers, with paths put after
 * it, so that a password, a query or a fragment has no place in it.
 */
export const isHttpUrl = (value: unknown): value is string =>
  typeof value === "string" && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i.test(value) && URL.canParse(value);
