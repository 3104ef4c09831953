import { type Context, type Env, Hono } from "hono";
import type { Database } from "./db/client.ts";
import { renderError } from "./errors.ts";
import { bearerAuth, type Principal } from "./middleware/bearer-auth.ts";
import { formQuery } from "./middleware/form-query.ts";
import { appendSlash, otherMethods } from "./middleware/paths-and-methods.ts";
import { validateQuery } from "./middleware/validate-query.ts";
import { listQuerySchema } from "./oauth-sources/list-query.ts";
import { listSources } from "./oauth-sources/list-sources.ts";
import { verifyStoredToken } from "./tokens/verify.ts";

export interface SourcesAppOptions<E extends Env> {
  /** The store of a request: a Drizzle database. */
  database: (c: Context<E>) => Database;
  /**
   * Who a bearer token stands for, or null where it is no good.
   * @default the tokens in the store
   */
  verifyToken?: (token: string, c: Context<E>) => Promise<Principal | null>;
  /**
   * The public URL of authentik, on which callback URLs are built.
   * @default the origin of the request
   */
  authentikUrl?: (c: Context<E>) => string | undefined;
}

/** The endpoint as a Hono app: `GET /sources/oauth/`, below whatever path it is mounted on. */
export function createSourcesApp<E extends Env = Env>(options: SourcesAppOptions<E>) {
  const database = (c: Context) => options.database(c);
  const verifyToken = (token: string, c: Context) =>
    options.verifyToken?.(token, c) ?? verifyStoredToken(database(c), token, Date.now());
  const publicUrl = (c: Context) => (options.authentikUrl?.(c) ?? new URL(c.req.url).origin).replace(/\/+$/, "");

  return new Hono<E>()
    .onError(renderError)
    .get("/sources/oauth/", bearerAuth(verifyToken), formQuery, validateQuery(listQuerySchema), async (c) => {
      const page = await listSources(database(c), c.req.valid("query"), publicUrl(c));
      return c.json(page, 200, { "Cache-Control": "private, no-cache" });
    })
    .all("/sources/oauth/", otherMethods)
    .all("/sources/oauth", appendSlash);
}
