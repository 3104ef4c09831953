import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { notesOf, type Principal } from "./context.ts";
import { badToken, notAuthenticated, permissionDenied, unsupportedScheme } from "./errors.ts";

/** Gives the principal of a token, or null for one that is unknown, expired or revoked. */
export type VerifyToken = (token: string, c: Context) => Promise<Principal | null>;

/** Longer than any token of ours or of authentik's: a longer one costs no digest and no look-up. */
const maximumLength = 1024;

/** docs/contract.md, "Differences from authentik": a token that is not ASCII is a bad one. */
const isPrintableAscii = /^[ -~]*$/;

/**
 * Lets requests pass whose bearer token may view sources. A request that is repeated within seconds is answered before it, by
 * `preparedReplies`. Refuses as authentik does: 403, never 401
 * (docs/contract.md, "403, never 401").
 */
export function bearerAuth(verifyToken: VerifyToken) {
  return createMiddleware(async function bearerAuth(c, next) {
    const principal = await verifyToken(readToken(c.req.header("Authorization") ?? ""), c);
    if (!principal) throw badToken;
    if (!principal.mayViewSources) throw permissionDenied;
    notesOf(c).principal = principal;
    await next();
  });
}

/** @throws ApiError 403 */
export function readToken(authorization: string): string {
  const space = authorization.indexOf(" ");
  if (space === -1) throw notAuthenticated;
  if (authorization.slice(0, space).toLowerCase() !== "bearer") throw unsupportedScheme;
  const token = authorization.slice(space + 1);
  if (token.length > maximumLength || !isPrintableAscii.test(token)) throw badToken;
  return token;
}
