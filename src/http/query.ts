import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type * as z from "zod/mini";
import { invalidQuery } from "./errors.ts";

/** docs/contract.md, "General rules". The length is in bytes, without the question mark. */
const limits = { length: 16 * 1024, parameters: 1_000 };

/** A query read as a form (WHATWG URL, application/x-www-form-urlencoded): the last value of each parameter. */
export const lastValues = (search: string): Record<string, string> =>
  Object.fromEntries(new Map(new URLSearchParams(search)));

/** Refuses a query that is over the limits. */
export const limitQuery = createMiddleware(async function limitQuery(c, next) {
  const { search, searchParams } = new URL(c.req.url);
  if (search.length - "?".length > limits.length) throw tooMuch(`is longer than ${limits.length} bytes`);
  if (searchParams.size > limits.parameters) throw tooMuch(`has more than ${limits.parameters} parameters`);
  await next();
});

const tooMuch = (what: string) => invalidQuery({ non_field_errors: [`The query ${what}.`] });

/** What the route's client may send, and what its handler gets. */
interface QueryInput<Schema extends z.ZodMiniType> {
  in: { query: z.input<Schema> };
  out: { query: z.output<Schema> };
}

/**
 * Validates the query; every parameter that is wrong is reported, in one body (docs/contract.md, "Errors", 400). Hono's own
 * decoder, which its validators use, leaves bad UTF-8 undecoded.
 */
export function validateQuery<Schema extends z.ZodMiniType>(
  schema: Schema,
): MiddlewareHandler<object, string, QueryInput<Schema>> {
  return async function validateQuery(c, next) {
    const hosts = c.req.valid("query");
    c.req.addValidatedData("query", parseQuery(schema, lastValues(new URL(c.req.url).search)) as object);
    await next();
    // What a host has validated itself is there again.
    c.req.addValidatedData("query", hosts as object);
  };
}

/** @throws ApiError 400 */
export function parseQuery<Schema extends z.ZodMiniType>(
  schema: Schema,
  values: Record<string, string>,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(values);
  if (!success) throw invalidQuery(messagesOf(error.issues));
  return data;
}

/** The messages of each parameter, under its name. */
function messagesOf(issues: readonly { path: PropertyKey[]; message: string }[]): Record<string, string[]> {
  const messages: Record<string, string[]> = {};
  for (const { path, message } of issues) {
    const name = String(path[0] ?? "non_field_errors");
    messages[name] = [...(messages[name] ?? []), message];
  }
  return messages;
}
