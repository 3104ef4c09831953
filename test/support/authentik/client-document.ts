import { readdirSync, readFileSync } from "node:fs";
import type { Document, Operation, Parameter, Schema } from "./documents.ts";

/**
 * Makes an OpenAPI document back from a client that openapi-generator wrote for TypeScript: one interface or enumeration a
 * model, and one method a request. Formats and limits are not in the code, so they are not in the document either.
 */
export function documentOfClient(folder: string): Document {
  const document: Document = { paths: {}, components: { schemas: {} } };
  for (const file of filesIn(`${folder}/src/models`)) Object.assign(document.components.schemas, modelsIn(file));
  for (const file of filesIn(`${folder}/src/apis`)) {
    // Enumerations of query parameters are among them.
    document.components.schemas = { ...modelsIn(file), ...document.components.schemas };
    for (const { path, method, operation } of operationsIn(file)) {
      document.paths[path] = { ...document.paths[path], [method]: operation };
    }
  }
  return document;
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== "index.ts")
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"));

/** `name?: type | null;`, two groups of which may be missing. */
const property = /^ {4}(?:readonly )?(\w+)(\?)?: (.+);$/gm;

function modelsIn(code: string): Record<string, Schema> {
  const models: Record<string, Schema> = {};
  for (const [, name = "", body = ""] of code.matchAll(/^export const (\w+) = \{\n([^}]*)\} as const;/gm)) {
    // The generator adds a value of its own, for those that a client does not know.
    const values = [...body.matchAll(/^ +(\w+): '([^']*)'/gm)].filter(([, key]) => key !== "UnknownDefaultOpenApi");
    models[name] = { type: "string", enum: values.map(([, , value]) => value) };
  }
  // In `'webhookUrl': … json['webhook_url']` the name of the code stands before that of the wire.
  const wireNames = new Map(
    [...code.matchAll(/^ +'(\w+)': .*?json\['(\w+)'\]/gm)].map(([, name, wire]) => [name, wire]),
  );
  for (const [, name = "", body = ""] of code.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)) {
    const fields = [...body.matchAll(property)].map(([, field = "", optional, type = ""]) => ({
      wire: wireNames.get(field) ?? field,
      schema: schemaOf(type),
      isRequired: optional === undefined,
    }));
    models[name] = {
      type: "object",
      properties: Object.fromEntries(fields.map(({ wire, schema }) => [wire, schema])),
      required: fields.filter(({ isRequired }) => isRequired).map(({ wire }) => wire),
    };
  }
  return models;
}

const primitives: Record<string, Schema> = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  Date: { type: "string", format: "date-time" },
  object: { type: "object" },
  any: {},
};

function schemaOf(type: string): Schema {
  const [, notNull] = /^(.*) \| null$/.exec(type) ?? [];
  if (notNull) return { ...schemaOf(notNull), nullable: true };
  const [, item] = /^Array<(.*)>$/.exec(type) ?? [];
  if (item) return { type: "array", items: schemaOf(item) };
  const [, value] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (value) return { type: "object", additionalProperties: schemaOf(value) };
  return primitives[type] ?? { $ref: `#/components/schemas/${type}` };
}

function* operationsIn(code: string): Generator<{ path: string; method: string; operation: Operation }> {
  const requests = modelsIn(code);
  const [, ...methods] = code.split(/^ {4}async (?=\w+Raw\()/m);
  for (const text of methods) {
    const [, request = ""] = /requestParameters: (\w+)/.exec(text) ?? [];
    const [, path = ""] = /path: `([^`]+)`/.exec(text) ?? [];
    const [, method = ""] = /method: '(\w+)'/.exec(text) ?? [];
    const [, body] = /body: (\w+)ToJSON\(/.exec(text) ?? [];
    const typeOf = (name: string) => requests[request]?.properties?.[name] ?? {};
    const query = [...text.matchAll(/queryParameters\['(\w+)'\] = requestParameters\.(\w+)/g)];
    const parameters: Parameter[] = query.map(([, name = "", property = ""]) => ({
      in: "query",
      name,
      schema: typeOf(property),
    }));
    for (const [, name = "", property = ""] of text.matchAll(
      /\{\$\{"(\w+)"\}\}`, encodeURIComponent\(String\(requestParameters\.(\w+)/g,
    )) {
      parameters.push({ in: "path", name, required: true, schema: typeOf(property) });
    }
    yield {
      path,
      method: method.toLowerCase(),
      operation: {
        parameters,
        ...(body && { requestBody: jsonOf({ $ref: `#/components/schemas/${body}` }) }),
        responses: responseOf(text, method === "POST" && body !== undefined),
      },
    };
  }
}

/** The status is not in the code: what is made is a 201, and nothing a 204, as everywhere in authentik. */
function responseOf(text: string, isMade: boolean): Operation["responses"] {
  if (/return new runtime\.VoidApiResponse/.test(text)) return { 204: {} };
  const [, name] = /jsonValue\) => (?:jsonValue\.map\()?(\w+)FromJSON/.exec(text) ?? [];
  const model = name ? { $ref: `#/components/schemas/${name}` } : {};
  return { [isMade ? 201 : 200]: jsonOf(/jsonValue\.map/.test(text) ? { type: "array", items: model } : model) };
}

const jsonOf = (schema: Schema) => ({ content: { "application/json": { schema } } });
