import { type Field, type FieldName, fieldEntries } from "../source/fields.ts";
import { searchText } from "../source/search.ts";
import { type SourceType, unknownType } from "../source/source-type.ts";
import { type IconAddress, iconAddresses } from "./icons/addresses.ts";
import type { Row } from "./row.ts";
import { isPlainObject } from "./secrets.ts";

/** A source as the store keeps it. */
export interface Document {
  pk: string;
  slug: string;
  /** JSON: all keys as they were sent and in their order, without secrets. */
  document: string;
  searchText: string;
  /** Where its icons are. */
  icons: IconAddress[];
}

const documented = fieldEntries.filter(([, { isNewer }]) => !isNewer) as [FieldName, Field][];

/**
 * Makes the document of a row that is sanitized. All keys stay as they were sent; where documented ones are missing, all
 * documented ones come first, with the contract's defaults, and then the others (docs/contract.md, "Other versions of
 * authentik").
 * @param types the known source types by name, for rows that bring none
 */
export function documentOf(sent: Row, types: ReadonlyMap<string, SourceType>): Document {
  const type = isPlainObject(sent.type) ? sent.type : (types.get(String(sent.provider_type)) ?? unknownType);
  const isComplete = documented.every(([name]) => Object.hasOwn(sent, name));
  const defaults = isComplete ? {} : Object.fromEntries(documented.map(([name, field]) => [name, field.default]));
  const source: Record<string, unknown> = { ...defaults, ...sent, type };
  // Up to 2025.10 `icon` is the URL to show and never empty; since 2025.12 `icon_url` is that, and `icon` may be empty.
  if (!("icon_url" in sent)) source.icon = sent.icon || defaultIcon(type.name);
  // Stored in one form, whatever host it came from; it is set anew when it is read.
  source.callback_url = `/source/oauth/callback/${sent.slug}/`;
  return {
    pk: sent.pk,
    slug: sent.slug,
    document: JSON.stringify(source),
    searchText: searchText(sent.name, sent.slug),
    icons: iconAddresses(source),
  };
}

/** A name may be any text, of which `../` and `?` would lead elsewhere. authentik's own are made as slugs are. */
const defaultIcon = (name: unknown) =>
  `/static/authentik/sources/${typeof name === "string" && /^[-a-zA-Z0-9_]+$/.test(name) ? name : unknownType.name}.svg`;
