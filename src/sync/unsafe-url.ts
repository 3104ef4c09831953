import { wordsOf } from "./secrets.ts";

/** A key whose values are addresses, and so is all that stands below it: `icon`, `profile_url`, `icon_themed_urls`. */
const urlKey = /(^|_)(url|uri|href|icon)s?(_|$)/;

export const isUrlKey = (key: string): boolean => urlKey.test(wordsOf(key));

/** Nearly all there are: those need no closer look. */
const plainUrl = /^(https?:|\/|$)/;

/**
 * White space, controls and what is invisible. Browsers drop C0 controls and blanks at both ends of a URL, and tabs and line
 * ends anywhere in it (WHATWG URL, "basic URL parser"); `trim` and `strip` of other languages drop more, such as U+00A0,
 * U+0085 and U+FEFF. Without all of them, everywhere, the scheme is seen that any of these would see.
 */
const dropped = /[\p{Z}\p{Cc}\p{Cf}]+/gu;

/** Clients put addresses into links and redirects, where these run. Other schemes, and text without one, do no harm. */
const unsafe = /^(?:(javascript|vbscript):|(data):(?!image\/))/i;

/** The scheme in lower case of an address that a browser would run; undefined for every other text. */
export function unsafeScheme(text: string): string | undefined {
  if (plainUrl.test(text)) return undefined;
  const [, script, data] = unsafe.exec(text.replace(dropped, "")) ?? [];
  return (script ?? data)?.toLowerCase();
}
