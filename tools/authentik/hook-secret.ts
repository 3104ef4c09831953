import { randomBytes } from "node:crypto";
import { hookSecret } from "../../src/settings.ts";
import { UsageError } from "../command.ts";

const expressionForm = /^return \{"(?:Authorization": "Bearer |secret": ")([^"\\]+)"\}$/;

/** 256 bits. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/**
 * Gives the secret back where it is one that the Worker takes; such a one needs no escape in an expression either.
 * @throws UsageError, which does not tell the secret
 */
export function checkSecret(secret: string): string {
  if (hookSecret.form.test(secret)) return secret;
  throw new UsageError(`SYNC_HOOK_SECRET ${hookSecret.rule}`);
}

/** The Python that authentik runs for each call: it gives the headers, or before 2025.2 the body. */
export const expressionOf = (secret: string, hasHeaders: boolean): string =>
  hasHeaders ? `return {"Authorization": "Bearer ${secret}"}` : `return {"secret": "${secret}"}`;

/** The secret in an expression of either form; undefined in one that was not made here. */
export function secretIn(expression: unknown): string | undefined {
  const [, secret = ""] = typeof expression === "string" ? (expressionForm.exec(expression) ?? []) : [];
  return hookSecret.form.test(secret) ? secret : undefined;
}
