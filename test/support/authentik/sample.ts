import { resolveSchema } from "./contract.ts";
import type { Document, Schema } from "./documents.ts";

const formats: Record<string, unknown> = {
  uuid: "00000000-0000-4000-8000-000000000000",
  "date-time": "2026-01-01T00:00:00Z",
  email: "somebody@authentik.example",
  uri: "https://authentik.example/",
};

const types: Record<string, unknown> = { string: "x", integer: 0, number: 0, boolean: false, array: [] };

/** The least that a schema takes: an object with its required fields. */
export function sampleOf(document: Document, schema: Schema): unknown {
  const {
    nullable,
    enum: values,
    type,
    format,
    properties = {},
    required = [],
    allOf,
  } = resolveSchema(document, schema);
  if (nullable) return null;
  if (values) return values[0];
  if (allOf?.[0]) return sampleOf(document, allOf[0]);
  if (type !== "object") return formats[format ?? ""] ?? types[type ?? ""] ?? null;
  return Object.fromEntries(required.map((name) => [name, sampleOf(document, properties[name] ?? {})]));
}
