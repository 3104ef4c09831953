import { parameterNames } from "./hostile-values.ts";

/** What a request was answered with. */
export interface Answer {
  status: number;
  body: string;
  headers: Headers;
}

export const readAnswer = async (response: Response): Promise<Answer> => ({
  status: response.status,
  body: await response.text(),
  headers: response.headers,
});

const isText = (value: unknown) => typeof value === "string";
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** A page with as many rows as its numbers say. */
function isPage(body: unknown): boolean {
  if (!isObject(body) || !isObject(body.pagination) || !Array.isArray(body.results)) return false;
  const { count, start_index: start, end_index: end } = body.pagination;
  return body.results.length === (count === 0 ? 0 : Number(end) - Number(start) + 1);
}

const mayBeInvalid = [...parameterNames, "non_field_errors"];
const areMessages = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText);

/** Messages for one parameter at least, or for the query as a whole, and the code. */
function isInvalid(body: unknown): boolean {
  if (!isObject(body)) return false;
  const { code, ...messages } = body;
  const names = Object.keys(messages);
  const isKnown = names.length > 0 && names.every((name) => mayBeInvalid.includes(name));
  return code === "invalid" && isKnown && Object.values(messages).every(areMessages);
}

const hasDetail = (code: string) => (body: unknown) =>
  isObject(body) && Object.keys(body).length === 2 && isText(body.detail) && body.code === code;

/** The form of the body, by status (docs/contract.md, "200" and "Errors"). */
const forms: Record<number, (body: unknown, isList: boolean) => boolean> = {
  200: (body, isList) => (isList ? isPage(body) : isObject(body)),
  400: isInvalid,
  403: hasDetail("authentication_failed"),
  404: hasDetail("not_found"),
};

/**
 * What breaks the contract in an answer, whatever was asked for; undefined where nothing does.
 * @param path below the endpoint's mount
 * @param statuses that are expected
 */
export function faultOf({ status, body, headers }: Answer, path: string, statuses: number[]): string | undefined {
  const hasForm = statuses.includes(status) ? forms[status] : undefined;
  const contentType = headers.get("Content-Type");
  const cacheControl = headers.get("Cache-Control");
  if (!hasForm) return `the status is ${status}`;
  if (!contentType?.startsWith("application/json")) return `the Content-Type is ${contentType}`;
  if (cacheControl !== (status === 200 ? "private, no-cache" : "no-store")) return `Cache-Control is ${cacheControl}`;
  if (!hasForm(parse(body), path.startsWith("/sources/oauth/?"))) return `the body has not the form of a ${status}`;
  return undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
