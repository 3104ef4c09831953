import { printable } from "./printable.ts";

/** The innermost cause: Drizzle's own message holds the values of the query, a token's digest among them. */
export const innermostCause = (error: unknown): unknown =>
  error instanceof Error && error.cause ? innermostCause(error.cause) : error;

/** The message of the innermost cause that has one; the code, where none has. */
export function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause ? innermostMessage(error.cause) : "";
  return cause || error.message || ("code" in error ? String(error.code) : "");
}

/** An error for the log: what it says, and the innermost cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error) || !error.cause) return printable(innermostMessage(error));
  return printable(`${error.message}: ${innermostMessage(error.cause)}`);
}
