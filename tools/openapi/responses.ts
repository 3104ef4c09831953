import type { Oas3_1Schema, Oas3Header, Oas3Parameter, Oas3Response } from "@redocly/openapi-core";
import {
  type ApiError,
  badToken,
  internalError,
  invalidPage,
  invalidQuery,
  methodNotAllowed,
  notAuthenticated,
  pathNotFound,
  permissionDenied,
  storeUnavailable,
  throttled,
  unsupportedScheme,
} from "../../src/http/errors.ts";
import { allow } from "../../src/http/methods.ts";

type Response = Oas3Response<Oas3_1Schema>;

const headerDescriptions = {
  Age: "How old the answer is, in seconds since the store was read.",
  Allow: "The methods that there are.",
  "Cache-Control": "`private, no-cache` for what a client may keep and must ask about again; `no-store` for errors.",
  "Cache-Status": "What the cache did (RFC 9211): `hit`, `fwd=uri-miss`, `detail=stale-if-error` and their like.",
  Date: "When the store was read.",
  ETag: "Names this very body; for `If-None-Match`.",
  Link: "The page that says what this read replica has.",
  "Last-Modified": "When the list last changed, as far as that is known.",
  "Retry-After": "When to come back, in seconds.",
  "X-Content-Type-Options": "`nosniff`: the type is as `Content-Type` says.",
  Vary: "`Authorization`: the answer was for the bearer of a token.",
};

type HeaderName = keyof typeof headerDescriptions;

/** `components.headers`. */
export const headers = Object.fromEntries(
  Object.entries(headerDescriptions).map(([name, description]): [string, Oas3Header<Oas3_1Schema>] => [
    name,
    { description, schema: { type: /^(Age|Retry-After)$/.test(name) ? "integer" : "string" } },
  ]),
);

export const headerRefs = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Of every response. */
export const commonHeaders: HeaderName[] = ["Cache-Control", "X-Content-Type-Options"];
const cacheHeaders: HeaderName[] = [...commonHeaders, "Age", "Cache-Status", "Date", "ETag", "Vary"];

/** A 200 of JSON, as caches and clients may keep it. */
export const okResponse = (
  description: string,
  schema: Oas3_1Schema,
  example: unknown,
  ...otherHeaders: HeaderName[]
): Response => ({
  description,
  headers: headerRefs(...cacheHeaders, ...otherHeaders),
  content: { "application/json": { schema, example } },
});

const examplesOf = (errors: Record<string, ApiError>) =>
  Object.fromEntries(Object.entries(errors).map(([name, { body }]) => [name, { value: body }]));

/** A status with `detail` and `code`, described by the errors that the app throws for it. */
function errorResponse(description: string, errors: Record<string, ApiError>, ...otherHeaders: HeaderName[]): Response {
  const thrown = Object.values(errors);
  const codes = [...new Set(thrown.map(({ body }) => body.code))];
  const schema: Oas3_1Schema = {
    type: "object",
    properties: { detail: { type: "string" }, code: { type: "string", enum: codes } },
    required: ["detail", "code"],
    additionalProperties: false,
  };
  return {
    description,
    headers: headerRefs(...commonHeaders, ...otherHeaders, ...thrown.flatMap((error) => Object.keys(error.headers))),
    content: { "application/json": { schema, examples: examplesOf(errors) } },
  };
}

/** A 400: what is wrong, by the names of the route's own parameters. */
export function invalidQueryResponse(parameters: Oas3Parameter[], example: Record<string, string[]>): Response {
  const names = [...parameters.map(({ name }) => name), "non_field_errors"];
  const messages: Oas3_1Schema = { type: "array", items: { type: "string" }, minItems: 1 };
  const { body } = invalidQuery(example);
  const schema: Oas3_1Schema = {
    type: "object",
    properties: {
      ...Object.fromEntries(names.map((name) => [name, messages])),
      code: { type: "string", const: body.code },
    },
    required: ["code"],
    additionalProperties: false,
  };
  return {
    description: "Parameters that are wrong: every one of them, in one body.",
    headers: headerRefs(...commonHeaders),
    content: { "application/json": { schema, example: body } },
  };
}

/** The caches keep these two as they keep lists. */
export const invalidPageResponse = errorResponse(
  "A page beyond the end.",
  { invalid_page: invalidPage },
  "Cache-Status",
);
export const slugNotFoundResponse = errorResponse(
  "No source has this slug.",
  { not_found: pathNotFound },
  "Cache-Status",
);

/** `components.responses`: those that every route with a token has, by their statuses. */
const sharedResponses = {
  304: {
    description: "The body that `If-None-Match` names is still the right one.",
    headers: headerRefs(...cacheHeaders),
  },
  403: errorResponse("No token, one that is no good, or one that may view nothing.", {
    no_token: notAuthenticated,
    other_scheme: unsupportedScheme,
    bad_token: badToken,
    no_permission: permissionDenied,
  }),
  405: errorResponse("To a method other than these.", { method_not_allowed: methodNotAllowed("POST", allow) }, "Link"),
  429: errorResponse("Too many requests, where a rate limit is bound.", { throttled: throttled }),
  500: errorResponse("A fault of the server.", { error: internalError }),
  503: errorResponse("The store cannot be asked, and nothing is cached.", { unavailable: storeUnavailable }),
} satisfies Record<string, Response>;

const componentName = (status: string) => `Status${status}`;

export const responseComponents = Object.fromEntries(
  Object.entries(sharedResponses).map(([status, response]) => [componentName(status), response]),
);

/** @param status a key of `sharedResponses` */
export const responseRef = (status: string): Response & { $ref: string } => ({
  $ref: `#/components/responses/${componentName(status)}`,
});

/** What every route with a token answers besides its own. */
export const sharedRefs = Object.fromEntries(
  Object.keys(sharedResponses).map((status) => [status, responseRef(status)]),
);
