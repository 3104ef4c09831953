import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { badToken, notAuthenticated, permissionDenied, unsupportedScheme } from "../errors.ts";

/** Who is asking. */
export interface Principal {
  /** Names the token in logs. */
  id: string;
  /** Whether the sources may be listed. */
  mayViewSources: boolean;
}

/** The context behind `bearerAuth`. */
export interface Authenticated {
  Variables: { principal: Principal };
}

/** Gives the principal of a token, or null for one that is unknown, expired or revoked. */
export type VerifyToken = (token: string, c: Context) => Promise<Principal | null>;

/** No token of ours or of authentik's is longer; what is, costs no digest and no look-up. */
const maximumLength = 1024;

/** CONTRACT, "Differences": a token that is not ASCII is a bad one. */
const isPrintableAscii = /^[ -~]*$/;

/** Lets callers pass whose bearer token may view sources. Refuses as authentik's `validate_auth` does: 403, never 401 (CONTRACT, "403, never 401"). */
export function bearerAuth(verifyToken: VerifyToken) {
  return createMiddleware<Authenticated>(async function bearerAuth(c, next) {
    const principal = await verifyToken(readToken(c.req.header("Authorization") ?? ""), c);
    if (!principal) throw badToken();
    if (!principal.mayViewSources) throw permissionDenied();
    c.set("principal", principal);
    await next();
  });
}

function readToken(authorization: string): string {
  const space = authorization.indexOf(" ");
  if (space === -1) throw notAuthenticated();
  if (authorization.slice(0, space).toLowerCase() !== "bearer") throw unsupportedScheme();
  const token = authorization.slice(space + 1);
  if (token.length > maximumLength || !isPrintableAscii.test(token)) throw badToken();
  return token;
}
