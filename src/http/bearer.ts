import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { notesOf, type Principal } from "./context.ts";
import { badToken, notAuthenticated, permissionDenied, unsupportedScheme } from "./errors.ts";

/** Gives the principal of a token, or null for one that is unknown, expired or revoked. */
export type VerifyToken = (token: string, c: Context) => Promise<Principal | null>;

/** Longer than any access token of authentik: a longer one costs nothing more. */
const maximumLength = 8 * 1024;

/** docs/contract.md, "Differences from authentik": a token that is not ASCII is a bad one. */
const isPrintableAscii = /^[ -~]*$/;

/**
 * Lets requests pass whose bearer token may view sources. Refuses as authentik does: 403, never 401 (docs/contract.md, "403, never
 * 401").
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
