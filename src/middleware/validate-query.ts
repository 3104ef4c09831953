import { zValidator } from "@hono/zod-validator";
import type * as z from "zod/mini";
import { BoundedMap } from "../cache/bounded-map.ts";
import { invalidQuery } from "../errors.ts";
import { formQuery, type QueryBounds } from "./form-query.ts";

/** How many URLs are remembered, and their characters at most. */
const remembered = { entries: 5_000, size: 1024 * 1024 };

/**
 * Reads the query as a form and validates it; every parameter that is wrong is reported, in one body (CONTRACT, "Errors",
 * 400). What a good query says is remembered by the URL that it came in, since to read it costs more than to serve a hit.
 * @param schema of the last value of each parameter; it depends on nothing else, and what it gives is not changed
 * @param bounds see `formQuery`
 */
export function validateQuery<Schema extends z.ZodMiniType<object | string>>(schema: Schema, bounds?: QueryBounds) {
  const known = new BoundedMap<z.output<Schema>>(remembered);
  const readForm = formQuery(bounds);
  const validate = zValidator("query", schema, (result) => {
    if (result.success) return;
    const messages: Record<string, string[]> = {};
    for (const issue of result.error.issues) {
      const name = String(issue.path[0] ?? "non_field_errors");
      messages[name] = [...(messages[name] ?? []), issue.message];
    }
    throw invalidQuery(messages);
  });

  const validateQuery: typeof validate = async (c, next) => {
    const { url } = c.req;
    const read = known.get(url);
    if (read !== undefined) {
      c.req.addValidatedData("query", read);
      return next();
    }
    await readForm(c, async () => {
      await validate(c, async () => {
        known.set(url, c.req.valid("query"), url.length);
        await next();
      });
    });
  };
  return validateQuery;
}
