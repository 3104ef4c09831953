import { randomBytes } from "node:crypto";
import { UsageError } from "../command.ts";

const shortest = 32;
const longest = 256;

/** What a bearer token may hold (RFC 6750, section 2.1); so it needs no escape in an expression either. */
const secretForm = new RegExp(`^[A-Za-z0-9._~+/=-]{${shortest},${longest}}$`);

const expressionForm = /^return \{"(?:Authorization": "Bearer |secret": ")([^"\\]+)"\}$/;

/** 256 bits. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** @throws UsageError, which does not tell the secret */
export function checkSecret(secret: string): string {
  if (secretForm.test(secret)) return secret;
  throw new UsageError(
    `SYNC_HOOK_SECRET must have ${shortest} to ${longest} characters, letters, digits and . _ ~ + / = - only`,
  );
}

/** The Python that authentik runs for each call: it gives the headers, or before 2025.2 the body. */
export const expressionOf = (secret: string, hasHeaders: boolean): string =>
  hasHeaders ? `return {"Authorization": "Bearer ${secret}"}` : `return {"secret": "${secret}"}`;

/** The secret in an expression of either form; undefined in one that was not made here. */
export function secretIn(expression: unknown): string | undefined {
  const [, secret = ""] = typeof expression === "string" ? (expressionForm.exec(expression) ?? []) : [];
  return secretForm.test(secret) ? secret : undefined;
}
