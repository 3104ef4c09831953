import { fields } from "../sources/fields.ts";

/** An icon may also be one of Font Awesome's, as authentik writes them. */
const schemes = { url: /^https?$/, icon: /^(https?|fa)$/ };

/**
 * White space, controls and what is invisible. Browsers drop C0 controls and blanks at both ends of a URL, and tabs and line
 * ends anywhere in it (WHATWG URL, "basic URL parser"); `trim` and `strip` of other languages drop more, such as U+00A0,
 * U+0085 and U+FEFF. Without all of them, everywhere, the scheme is seen that any of these would see.
 */
const dropped = /[\p{Z}\p{Cc}\p{Cf}]+/gu;

const schemeOf = (text: string) => /^[a-z][-+.a-z0-9]*(?=:)/i.exec(text.replace(dropped, ""))?.[0].toLowerCase();

const isUrlField = (name: string) =>
  name.endsWith("_url") || (Object.hasOwn(fields, name) && "isUrl" in fields[name as keyof typeof fields]);

/**
 * Finds the URLs of a source, and of its type and themed icons, that no reader should be handed: clients put them into links
 * and redirects, where `javascript:` runs. Text without a scheme is no URL of another kind, and passes.
 */
export function unsafeUrls(source: Record<string, unknown>): { field: string; message: string }[] {
  const nested = (name: string, isUrl: (key: string) => boolean) =>
    Object.entries(Object(source[name])).flatMap(([key, value]) =>
      isUrl(key) ? [[`${name}.${key}`, value, schemes.url] as const] : [],
    );
  const urls = [
    ["icon", source.icon, schemes.icon] as const,
    ...Object.entries(source).flatMap(([key, value]) => (isUrlField(key) ? [[key, value, schemes.url] as const] : [])),
    ...nested("type", isUrlField),
    ...nested("icon_themed_urls", () => true),
  ];
  return urls.flatMap(([field, value, allowed]) => {
    const scheme = typeof value === "string" ? schemeOf(value) : undefined;
    if (scheme === undefined || allowed.test(scheme)) return [];
    // Never in part: what redacts a secret would not find it.
    const shown = scheme.length > 50 ? `of ${scheme.length} characters` : `${scheme}:`;
    return [{ field, message: `has a URL of the scheme ${shown}` }];
  });
}
