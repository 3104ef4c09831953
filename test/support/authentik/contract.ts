import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { type Document, documentOf, type Operation, type Parameter, type Schema, type Version } from "./documents.ts";

/** What the document has for a request. */
export interface Described {
  /** The path with its variables in braces. */
  template: string;
  operation: Operation;
  /** Where the operation stands in the document. */
  pointer: string;
  variables: Record<string, string>;
}

const contracts = new Map<Version, ReturnType<typeof createContract>>();

/** Holds requests and answers against a version's document. */
export function contractOf(version: Version) {
  const contract = contracts.get(version) ?? createContract(documentOf(version));
  contracts.set(version, contract);
  return contract;
}

const jsonBody = "/content/application~1json/schema";

function createContract(document: Document) {
  const schemas = toJsonSchema(document);
  const validatorsOf = (coerceTypes: boolean) => {
    const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false, coerceTypes });
    addFormats.default(ajv);
    return ajv.addSchema(schemas, "authentik");
  };
  const [forJson, forText] = [validatorsOf(false), validatorsOf(true)];

  function problemsOf(ajv: Ajv, pointer: string, value: unknown, name: string): string[] {
    const validate = ajv.getSchema(`authentik#${pointer}`);
    if (!validate) throw new Error(`the document has no ${pointer}`);
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${name}${instancePath} ${message}`);
  }

  // `/core/users/me/` before `/core/users/{id}/`.
  const templates = Object.keys(document.paths).sort((a, b) => a.split("{").length - b.split("{").length);

  /** Undefined where authentik has no such path, or not this method of it. */
  function describe(method: string, path: string): Described | undefined {
    for (const template of templates) {
      const operation = document.paths[template]?.[method.toLowerCase()];
      const variables = operation && match(template, path);
      const pointer = `/paths/${template.replaceAll("/", "~1")}/${method.toLowerCase()}`;
      if (variables) return { template, operation, pointer, variables };
    }
    return undefined;
  }

  /** What is wrong with a request, and the fields of its body that the document does not have. */
  function problemsOfRequest({ operation, pointer, variables }: Described, query: URLSearchParams, body: unknown) {
    const parameters = (operation.parameters ?? []).map((parameter, i) =>
      "$ref" in parameter
        ? { ...resolve(document, parameter.$ref), pointer: parameter.$ref.slice(1) }
        : { ...parameter, pointer: `${pointer}/parameters/${i}` },
    );
    const given = [...Object.entries(variables), ...query];
    const problems = given.flatMap(([name, value]) => {
      const parameter = parameters.find((each) => each.name === name);
      if (!parameter) return [`there is no parameter ${name}`];
      return problemsOf(forText, `${parameter.pointer}/schema`, value, name);
    });
    const missing = parameters.filter(({ name, required }) => required && !given.some(([each]) => each === name));
    problems.push(...missing.map(({ name }) => `the parameter ${name} is missing`));

    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    if (!schema) return { problems: body === undefined ? problems : [...problems, "there is no body"], unknown: [] };
    problems.push(...problemsOf(forJson, `${pointer}/requestBody${jsonBody}`, body, "the body"));
    const known = resolveSchema(document, schema).properties ?? {};
    return { problems, unknown: Object.keys(body ?? {}).filter((name) => !(name in known)) };
  }

  const problemsOfAnswer = ({ operation, pointer }: Described, json: unknown): string[] => {
    const { status, schema } = successOf(operation);
    if (!schema) return json === undefined ? [] : ["there is no body"];
    return problemsOf(forJson, `${pointer}/responses/${status}${jsonBody}`, json, "the answer");
  };

  return { document, describe, problemsOfRequest, problemsOfAnswer };
}

/** The status of an operation that has gone well, and the schema of its body, if it has one. */
export function successOf({ responses }: Operation): { status: number; schema: Schema | undefined } {
  const [status = "", response = {}] = Object.entries(responses).find(([code]) => code.startsWith("2")) ?? [];
  const content = "content" in response ? response.content : undefined;
  return { status: Number(status), schema: content?.["application/json"]?.schema };
}

export function resolveSchema(document: Document, schema: Schema): Schema {
  return document.components.schemas[schema.$ref?.split("/").pop() ?? ""] ?? schema;
}

function resolve(document: Document, reference: string): Parameter {
  const found = document.components.parameters?.[reference.split("/").pop() ?? ""];
  if (!found) throw new Error(`the document has no ${reference}`);
  return found;
}

function match(template: string, path: string): Record<string, string> | undefined {
  const form = template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  const found = new RegExp(`^${form}$`).exec(path);
  const variables = Object.entries(found?.groups ?? {});
  return found ? Object.fromEntries(variables.map(([name, value]) => [name, decodeURIComponent(value)])) : undefined;
}

/** OpenAPI 3.0 says `nullable: true`, beside a type or beside anything else; JSON Schema has a type for it. */
function toJsonSchema(node: object): object {
  if (Array.isArray(node)) return node.map(convert);
  const { nullable, ...rest } = node as { nullable?: unknown };
  const schema = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, convert(value)]));
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

const convert = (value: unknown): unknown => (typeof value === "object" && value ? toJsonSchema(value) : value);
