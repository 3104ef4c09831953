import type { Context } from "hono";
import { BodyTooLong, readBoundedText } from "../bounded-text.ts";
import { readToken } from "./bearer.ts";
import { badToken, bodyTooLong, methodNotAllowed, notAuthenticated, pathNotFound } from "./errors.ts";
import { clientNetwork, countRequest, type RateLimiter } from "./rate-limit.ts";
import { sha256 } from "./sha256.ts";

export interface WebhookOptions {
  /** What a caller must know. Without it there is no webhook. */
  secret: string | undefined;
  /** Called once for each call that knows it; resolves once that can no longer be lost. Without it there is no webhook. */
  onCall: (() => Promise<unknown>) | undefined;
  /** Counts wrong secrets, by the client's address; calls that know it may come in bursts. */
  limiter?: RateLimiter | undefined;
}

const maxBytes = 64 * 1024;

/**
 * Answers every method at a webhook's path. The secret is a bearer token or, for callers that can set no header, the field
 * `secret` of a JSON body. Nothing else of the body counts: with a bearer token it is not read.
 */
export const webhook = ({ secret, onCall, limiter }: WebhookOptions) =>
  async function webhook(c: Context): Promise<Response> {
    if (!secret || !onCall) throw pathNotFound;
    if (c.req.method !== "POST") throw methodNotAllowed(c.req.method, "POST");
    if (!(await isSame(await givenSecret(c.req.raw), secret))) {
      await countRequest(limiter, clientNetwork(c), c);
      throw badToken;
    }
    await onCall();
    return c.json({ status: "accepted" }, 202);
  };

async function givenSecret(request: Request): Promise<string> {
  if (Number(request.headers.get("Content-Length")) > maxBytes) throw bodyTooLong(maxBytes);
  const authorization = request.headers.get("Authorization");
  if (authorization !== null) return readToken(authorization);
  try {
    const body: { secret?: unknown } | null = JSON.parse(await readBoundedText(request, maxBytes));
    if (typeof body?.secret === "string") return body.secret;
  } catch (error) {
    if (error instanceof BodyTooLong) throw bodyTooLong(maxBytes);
  }
  throw notAuthenticated;
}

/** In a time that does not tell how much of the secret was right. */
async function isSame(given: string, secret: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await sha256(given), await sha256(secret));
}
