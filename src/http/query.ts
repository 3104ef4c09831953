import { zValidator } from "@hono/zod-validator";
import { createMiddleware } from "hono/factory";
import type * as z from "zod/mini";
import { invalidQuery } from "./errors.ts";

/** docs/contract.md, "General rules". The length is in bytes, without the question mark. */
const limits = { length: 16 * 1024, parameters: 1_000 };

/**
 * Gives the validator that follows the query as a form (WHATWG URL, application/x-www-form-urlencoded), the last value of each
 * parameter: Hono's own decoder leaves bad UTF-8 undecoded. What a host has read and validated itself is there again afterwards.
 */
export const formQuery = createMiddleware(async function formQuery(c, next) {
  const url = new URL(c.req.url);
  checkLimits(url);
  const values = Object.fromEntries(Object.entries(lastValues(url.search)).map(([name, value]) => [name, [value]]));
  const ofHost: object = c.req.valid("query" as never);
  Object.assign(c.req, { queries: () => values });
  await next();
  Reflect.deleteProperty(c.req, "queries");
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

/** Validates the query; every parameter that is wrong is reported, in one body (docs/contract.md, "Errors", 400). */
export const validateQuery = <Schema extends z.ZodMiniType>(schema: Schema) =>
  zValidator("query", schema, (result) => {
    if (!result.success) throw invalidQuery(messagesOf(result.error.issues));
  });

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
