import * as z from "zod/mini";
import { type DocumentedName, type FieldName, fieldEntries, type fields, type NewerName } from "./fields.ts";
import { paginationSchema } from "./pagination.ts";

type Fields = typeof fields;

/** One of `results`: the documented keys, those of later versions where its authentik sends them, and whatever else it sends. */
export type OAuthSource = { [K in DocumentedName]: z.output<Fields[K]["check"]> } & {
  [K in NewerName]?: z.output<Fields[K]["check"]>;
} & { [key: string]: unknown };

/** Bundles drop what is marked pure: this schema describes responses, and checks none. */
export const oauthSourceSchema = /* @__PURE__ */ (() =>
  z.looseObject(
    Object.fromEntries(fieldEntries.map(([name, { check, isNewer }]) => [name, isNewer ? z.optional(check) : check])),
  ) as unknown as z.ZodMiniType<OAuthSource> & { shape: Record<FieldName, z.ZodMiniType> })();

/** The body of a 200; what else authentik sends beside the results, such as `autocomplete`, follows them. */
export const sourcesPageSchema = /* @__PURE__ */ (() =>
  z.looseObject({ pagination: paginationSchema, results: z.array(oauthSourceSchema) }))();

export type SourcesPage = z.infer<typeof sourcesPageSchema>;
