import { isPlainObject } from "../secrets.ts";

/** What an icon is for: any theme, or one of authentik's. */
export const themes = ["", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Where a source says that an icon of its is. */
export interface IconAddress {
  theme: Theme;
  /** The keys that lead to it. */
  path: string[];
  /** An address as it was sent: a path is below authentik's. */
  address: string;
}

/**
 * A path, or an address that can be asked for. `fa:` names a glyph of a font, and since 2025.12 `icon` may be the name of a
 * file: these have no icon, which is no fault.
 */
const isAddress = (value: unknown): value is string =>
  typeof value === "string" && /^(\/|https?:|data:image\/)/i.test(value);

/** Stands for the theme in what `icon_themed_urls` was made of: nothing is there. */
const isTemplate = (address: string) => /%(25)?(\(|%28)theme(\)|%29)s/i.test(address);

/** The icons that a source names: `icon_url`, or else `icon`, and the themed ones. */
export function iconAddresses({ icon, icon_url, icon_themed_urls: themed }: Record<string, unknown>): IconAddress[] {
  const ofThemes = isPlainObject(themed) ? themed : {};
  const named: [Theme, string[], unknown][] = [
    icon_url ? ["", ["icon_url"], icon_url] : ["", ["icon"], icon],
    ["light", ["icon_themed_urls", "light"], ofThemes.light],
    ["dark", ["icon_themed_urls", "dark"], ofThemes.dark],
  ];
  return named.flatMap(([theme, path, address]) =>
    isAddress(address) && !isTemplate(address) ? [{ theme, path, address }] : [],
  );
}
