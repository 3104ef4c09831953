import { zValidator } from "@hono/zod-validator";
import type { ZodMiniType } from "zod/mini";
import { invalidQuery } from "../errors.ts";

/** Validates the query; every parameter that is wrong is reported, in one body (CONTRACT, "Errors", 400). */
export const validateQuery = <Schema extends ZodMiniType>(schema: Schema) =>
  zValidator("query", schema, (result) => {
    if (result.success) return;
    const messages: Record<string, string[]> = {};
    for (const issue of result.error.issues) {
      const name = String(issue.path[0] ?? "non_field_errors");
      messages[name] = [...(messages[name] ?? []), issue.message];
    }
    throw invalidQuery(messages);
  });
