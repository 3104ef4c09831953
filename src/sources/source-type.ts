import * as z from "zod/mini";

/** PostgreSQL holds no NUL, and text with half a surrogate pair is no UTF-8; native libSQL aborts on it. */
export const isValidText = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

export const validText = z.string().check(z.refine(isValidText, "is not valid text"));

/** The `type` object of a source. */
export const sourceTypeSchema = z.looseObject({
  name: validText,
  verbose_name: z.string(),
  urls_customizable: z.boolean(),
  request_token_url: z.nullable(z.string()),
  authorization_url: z.nullable(z.string()),
  access_token_url: z.nullable(z.string()),
  profile_url: z.nullable(z.string()),
  oidc_well_known_url: z.nullable(z.string()),
  oidc_jwks_url: z.nullable(z.string()),
});

export type SourceType = z.infer<typeof sourceTypeSchema>;

/** What authentik gives for a provider type that it does not know. */
export const unknownType: SourceType = {
  name: "default",
  verbose_name: "Default source type",
  urls_customizable: false,
  request_token_url: null,
  authorization_url: null,
  access_token_url: null,
  profile_url: null,
  oidc_well_known_url: null,
  oidc_jwks_url: null,
};
