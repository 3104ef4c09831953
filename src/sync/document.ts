import { type Field, type FieldName, fieldEntries } from "../sources/fields.ts";
import { searchText } from "../sources/search.ts";
import { type SourceType, unknownType } from "../sources/source-type.ts";
import { withoutSecrets } from "./secrets.ts";

/** A source as the store keeps it. */
export interface Document {
  pk: string;
  slug: string;
  /** JSON: all keys as they were sent and in their order, without secrets. */
  document: string;
  searchText: string;
}

/** A row that has passed its checks. */
export type CheckedRow = Record<string, unknown> & { pk: string; name: string; slug: string; provider_type: string };

const documented = fieldEntries.filter(([, { isNewer }]) => !isNewer) as [FieldName, Field][];

/**
 * Makes the document of a row. All keys stay as they were sent; where documented ones are missing, all documented ones come
 * first, with the contract's defaults, and then the others (docs/contract.md, "Other versions of authentik").
 * @param types the known source types by name, for rows that bring none
 */
export function documentOf(row: CheckedRow, types: ReadonlyMap<string, SourceType>): Document {
  const sent = withoutSecrets(row) as CheckedRow;
  const type = (sent.type as SourceType | undefined) ?? types.get(row.provider_type) ?? unknownType;
  const isComplete = documented.every(([name]) => Object.hasOwn(sent, name));
  const defaults = isComplete ? {} : Object.fromEntries(documented.map(([name, field]) => [name, field.default]));
  const source: Record<string, unknown> = { ...defaults, ...sent, type };
  // Up to 2025.10 `icon` is the URL to show and never empty; since 2025.12 `icon_url` is that, and `icon` may be empty.
  if (!("icon_url" in sent)) source.icon = sent.icon || defaultIcon(type.name);
  // Stored in one form, whatever host it came from; it is set anew when it is read.
  source.callback_url = `/source/oauth/callback/${row.slug}/`;
  return {
    pk: row.pk,
    slug: row.slug,
    document: JSON.stringify(source),
    searchText: searchText(row.name, row.slug),
  };
}

/** A name may be any text, of which `../` and `?` would lead elsewhere. authentik's own are made as slugs are. */
const defaultIcon = (name: string) =>
  `/static/authentik/sources/${/^[-a-zA-Z0-9_]+$/.test(name) ? name : unknownType.name}.svg`;
