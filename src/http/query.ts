import type { Env } from "hono";
import { createMiddleware } from "hono/factory";
import type * as z from "zod/mini";
import { invalidQuery } from "./errors.ts";

/** docs/contract.md, "General rules". The length is in bytes, without the question mark. */
const limits = { length: 16 * 1024, parameters: 1_000 };

/** Refuses a query that is too long to be read. What a host has validated itself is there again afterwards. */
export const formQuery = createMiddleware(async function formQuery(c, next) {
  checkLimits(new URL(c.req.url));
  const ofHost: object = c.req.valid("query" as never);
  await next();
  c.req.addValidatedData("query", ofHost);
});

/** A query read as a form: the last value of each parameter. */
export const lastValues = (search: string): Record<string, string> =>
  Object.fromEntries(new Map(new URLSearchParams(search)));

function checkLimits({ search, searchParams }: URL): void {
  if (search.length - "?".length > limits.length) throw tooMuch(`is longer than ${limits.length} bytes`);
  if (searchParams.size > limits.parameters) throw tooMuch(`has more than ${limits.parameters} parameters`);
}

const tooMuch = (what: string) => invalidQuery({ non_field_errors: [`The query ${what}.`] });

/**
 * Validates the query, read as a form (WHATWG URL, application/x-www-form-urlencoded), the last value of each parameter: Hono's own
 * decoder leaves bad UTF-8 undecoded. Every parameter that is wrong is reported, in one body (docs/contract.md, "Errors", 400).
 */
export const validateQuery = <Schema extends z.ZodMiniType>(schema: Schema) =>
  createMiddleware<Env, string, { in: { query: z.input<Schema> }; out: { query: z.output<Schema> } }>(
    async function validateQuery(c, next) {
      c.req.addValidatedData("query", Object(parseQuery(schema, lastValues(new URL(c.req.url).search))));
      await next();
    },
  );

/**
 * Parses a query that is no request's.
 * @throws ApiError 400
 */
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
