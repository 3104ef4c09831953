import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { documentText } from "../../tools/openapi/assets.ts";

interface DescribedResponse {
  $ref?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, unknown>;
}

interface Described {
  paths: Record<string, { get: { parameters?: { name: string }[]; responses: Record<string, DescribedResponse> } }>;
  components: { responses: Record<string, DescribedResponse> };
}

/** The document as it is served. */
export const described: Described = JSON.parse(documentText);

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);
ajv.addVocabulary(Object.keys(described));
ajv.addSchema(described, "openapi.json");

const escapePointer = (part: string) => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** What the document says of a status of a path, and where it says so. */
export function describedResponse(path: string, status: number) {
  const response = described.paths[path]?.get.responses[status];
  if (!response) throw new Error(`the document has no ${status} for ${path}`);
  if (!response.$ref) return { ...response, pointer: `#/paths/${escapePointer(path)}/get/responses/${status}` };
  return { ...described.components.responses[response.$ref.split("/").pop() ?? ""], pointer: response.$ref };
}

/** What is wrong with a body, by the schema that the document has for it. */
export function problemsOf(path: string, status: number, body: unknown): string[] {
  const { pointer } = describedResponse(path, status);
  const validate = ajv.getSchema(`openapi.json${pointer}/content/application~1json/schema`);
  if (!validate) throw new Error(`the document has no body for ${status} of ${path}`);
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
