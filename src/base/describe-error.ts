import { printable } from "./printable.ts";

/** The innermost cause: Drizzle's own message holds the values of the query, a token's digest among them. */
export const innermostCause = (error: unknown): unknown =>
  error instanceof Error && error.cause ? innermostCause(error.cause) : error;

/** An error for the log: what it says, and the innermost cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  return printable(error.cause ? `${error.message}: ${innermostCause(error)}` : error.message);
}
