/** An icon may also be one of Font Awesome's, as authentik writes them. */
const schemes = { url: /^https?$/, icon: /^(https?|fa)$/ };

/**
 * White space, controls and what is invisible. Browsers drop C0 controls and blanks at both ends of a URL, and tabs and line
 * ends anywhere in it (WHATWG URL, "basic URL parser"); `trim` and `strip` of other languages drop more, such as U+00A0,
 * U+0085 and U+FEFF. Without all of them, everywhere, the scheme is seen that any of these would see.
 */
const dropped = /[\p{Z}\p{Cc}\p{Cf}]+/gu;

const schemeOf = (text: string) => /^[a-z][-+.a-z0-9]*(?=:)/i.exec(text.replace(dropped, ""))?.[0].toLowerCase();

/**
 * Finds the URLs of a source, and of its type, that no reader should be handed: clients put them into links and redirects,
 * where `javascript:` runs. Text without a scheme is no URL of another kind, and passes.
 */
export function unsafeUrls({ type, ...row }: { type?: object | undefined }): string[] {
  const ofType = Object.entries<unknown>({ ...type }).map(([field, value]) => [`type.${field}`, value] as const);
  return [...Object.entries<unknown>(row), ...ofType].flatMap(([field, value]) => {
    const kind = field === "icon" ? "icon" : "url";
    if (typeof value !== "string" || !(kind === "icon" || field.endsWith("_url"))) return [];
    const scheme = schemeOf(value);
    if (scheme === undefined || schemes[kind].test(scheme)) return [];
    // Never in part: what redacts a secret would not find it.
    const shown = scheme.length > 50 ? `of ${scheme.length} characters` : `${scheme}:`;
    return [`${field}: has a URL of the scheme ${shown}`];
  });
}
