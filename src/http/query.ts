import { zValidator } from "@hono/zod-validator";
import { createMiddleware } from "hono/factory";
import type * as z from "zod/mini";
import { invalidQuery } from "./errors.ts";

/** docs/contract.md, "General rules". The length is in bytes, without the question mark. */
const limits = { length: 16 * 1024, parameters: 1_000 };

/**
 * Reads the query as a form (WHATWG URL, application/x-www-form-urlencoded), and keeps the last value of each parameter.
 * Hono's own decoder leaves bad UTF-8 undecoded. What follows, and nobody else, sees a request with that query alone.
 */
export const formQuery = createMiddleware(async function formQuery(c, next) {
  const { raw } = c.req;
  const validated = c.req.valid("query" as never);
  const url = new URL(raw.url);
  checkLimits(url);
  if (!isPlain(url)) {
    url.search = new URLSearchParams(lastValues(url.search)).toString();
    c.req.raw = new Request(url, raw);
  }
  await next();
  // The request is the host's, and so is what it has validated itself.
  c.req.raw = raw;
  c.req.addValidatedData("query", validated);
});

/** A query read as a form: the last value of each parameter. */
export const lastValues = (search: string): Record<string, string> =>
  Object.fromEntries(new Map(new URLSearchParams(search)));

/** Without an escape or a repetition every decoder reads the same, and no new request is needed. */
const isPlain = ({ search, searchParams }: URL) =>
  !/[%+]/.test(search) && new Set(searchParams.keys()).size === searchParams.size;

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

/** The messages of each parameter, under its name. */
export function messagesOf(issues: readonly { path: PropertyKey[]; message: string }[]): Record<string, string[]> {
  const messages: Record<string, string[]> = {};
  for (const { path, message } of issues) {
    const name = String(path[0] ?? "non_field_errors");
    messages[name] = [...(messages[name] ?? []), message];
  }
  return messages;
}
