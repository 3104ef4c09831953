import { readFileSync } from "node:fs";
import { CORE_SCHEMA, load } from "js-yaml";
import { documentOfClient } from "./client-document.ts";

/** As much of JSON Schema as OpenAPI 3.0 has, and its `nullable`. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  nullable?: boolean;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
}

export interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  schema: Schema;
}

interface Body {
  content?: Record<string, { schema: Schema }>;
}

export interface Operation {
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: Body;
  responses: Record<string, Body | { $ref: string }>;
}

/** An OpenAPI 3.0 document of authentik's API. */
export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; parameters?: Record<string, Parameter> };
}

export const versions = ["2024.6.0", "2026.8.3"] as const;

export type Version = (typeof versions)[number];

const folderOf = (name: string) => `node_modules/${name}`;

/**
 * The API of a version, from authentik's own TypeScript client: that of 2026 carries the document which it was generated
 * from; that of 2024 does not, so its document is made back from the generated code.
 */
const readDocument: Record<Version, () => Document> = {
  "2024.6.0": () => documentOfClient(folderOf("authentik-client-2024")),
  "2026.8.3": () => {
    const text = readFileSync(`${folderOf("authentik-client-2026")}/schema.yml`, "utf8");
    return load(text, { schema: CORE_SCHEMA }) as Document;
  },
};

const documents = new Map<Version, Document>();

export function documentOf(version: Version): Document {
  const document = documents.get(version) ?? readDocument[version]();
  documents.set(version, document);
  return document;
}
