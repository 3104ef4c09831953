import * as z from "zod/mini";
import { type Database, openLibsql } from "./db/client.ts";
import { StoreError } from "./db/store-error.ts";

const isHttpUrl = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? "");

/** What the Worker is configured with: variables and secrets of wrangler. An empty one counts as not set. */
const envSchema = z.object({
  /** The store: a `libsql://`, `https://` or `http://` URL. Without it every list is a 503. */
  LIBSQL_URL: z.optional(z.string()),
  /** The store's own token, where it asks for one. */
  LIBSQL_AUTH_TOKEN: z.optional(z.string()),
  /** The public URL of authentik, on which callback URLs are built. Without it: the origin of the request. */
  AUTHENTIK_URL: z.optional(z.string().check(z.refine(isHttpUrl, "must be an http:// or https:// URL"))),
});

export type Bindings = z.input<typeof envSchema>;

export const bindingNames = Object.keys(envSchema.shape);

interface Settings {
  database: Database;
  authentikUrl: string | undefined;
}

const settings = new WeakMap<Bindings, Settings>();

/**
 * The configuration, checked, with the store opened; once per isolate.
 * @throws StoreError without a store; Error naming the variable that is wrong
 */
export function readEnv(env: Bindings): Settings {
  const known = settings.get(env);
  if (known) return known;
  const fresh = openSettings(env);
  settings.set(env, fresh);
  return fresh;
}

function openSettings(env: Bindings): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const { success, data, error } = envSchema.safeParse(given);
  if (!success) throw new Error(z.prettifyError(error));
  if (!data.LIBSQL_URL) throw new StoreError("LIBSQL_URL is not set: it says where the store is");
  return {
    database: openLibsql({ url: data.LIBSQL_URL, authToken: data.LIBSQL_AUTH_TOKEN }),
    authentikUrl: data.AUTHENTIK_URL,
  };
}
