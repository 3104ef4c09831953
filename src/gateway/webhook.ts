import type { Context } from "hono";
import { BodyTooLong, readBoundedText } from "../base/bounded-text.ts";
import { withDeadline } from "../base/deadline.ts";
import { sha256 } from "../base/sha256.ts";
import { readToken } from "../http/bearer.ts";
import { ApiError, badToken, bodyTooLong, bodyTooSlow, methodNotAllowed } from "../http/errors.ts";
import { clientNetwork, countRequest, type RateLimiter } from "../http/rate-limit.ts";

export interface WebhookOptions {
  /** What a caller must know. Without it there is no webhook. */
  secret: string | undefined;
  /** Called for each authentic call. Must resolve only after the run is stored. Without it there is no webhook. */
  onCall: (() => Promise<unknown>) | undefined;
  /** Counts calls that do not know it, by the client's address; those that do may come in bursts. */
  limiter?: RateLimiter | undefined;
  /** What is wrong with the configuration of the sync, in a sentence: every call is then an error. */
  problem?: string | undefined;
}

const maxBytes = 64 * 1024;
/** For the whole body. */
const bodyMs = 10_000;

/**
 * Answers every method at a webhook's path. The secret is a bearer token or, for callers that can set no header, the field
 * `secret` of a JSON body. Nothing else of the body counts: with a bearer token it is not read.
 */
export const webhook = ({ secret, onCall, limiter, problem }: WebhookOptions) =>
  async function webhook(c: Context): Promise<Response> {
    if (problem) throw new Error(problem);
    if (!secret || !onCall) return c.notFound();
    if (c.req.method !== "POST") throw methodNotAllowed(c.req.method, "POST");
    try {
      if (!(await isSame(await givenSecret(c.req.raw), secret))) throw badToken;
    } catch (refusal) {
      await countRequest(limiter, clientNetwork(c), c);
      throw refusal;
    }
    await onCall();
    return c.json({ status: "accepted" }, 202);
  };

/** @throws ApiError 403, 408 or 413 */
async function givenSecret(request: Request): Promise<string> {
  if (Number(request.headers.get("Content-Length")) > maxBytes) throw bodyTooLong(maxBytes);
  const authorization = request.headers.get("Authorization") ?? "";
  if (/^bearer /i.test(authorization)) return readToken(authorization);
  // Another scheme is a proxy's: only where the body has no secret either, it is refused for that.
  return (await secretOfBody(request)) ?? readToken(authorization);
}

async function secretOfBody(request: Request): Promise<string | undefined> {
  try {
    const text = await withDeadline(readBoundedText(request, maxBytes), bodyMs, () => bodyTooSlow(bodyMs));
    const body: { secret?: unknown } | null = JSON.parse(text);
    return typeof body?.secret === "string" ? body.secret : undefined;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof BodyTooLong) throw bodyTooLong(maxBytes);
    return undefined;
  }
}

/** In a time that does not tell how much of the secret was right. */
async function isSame(given: string, secret: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await sha256(given), await sha256(secret));
}
