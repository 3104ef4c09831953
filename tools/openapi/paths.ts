import type { Oas3_1Schema, Oas3Operation, Oas3Paths, Oas3Server } from "@redocly/openapi-core";
import { syncRuns } from "../../src/db/schema.ts";
import type { StoreStatus } from "../../src/store/status.ts";
import { examplePage, exampleSource } from "./examples.ts";
import { listParameters, slugParameter, sourceTypesParameters } from "./parameters.ts";
import {
  commonHeaders,
  headerRefs,
  invalidPageResponse,
  invalidQueryResponse,
  okResponse,
  responseRef,
  sharedRefs,
  slugNotFoundResponse,
} from "./responses.ts";
import { schemaRef } from "./schemas.ts";

type Operation = Oas3Operation<Oas3_1Schema>;

const root: Oas3Server = { url: "/", description: "This Worker." };

/** The lists are at both; authentik's own clients expect the first. */
export const servers: Oas3Server[] = [{ url: "/api/v3", description: "As authentik has it." }, root];

const list: Operation = {
  operationId: "sources_oauth_list",
  tags: ["sources"],
  summary: "The OAuth sources, page by page",
  parameters: listParameters,
  responses: {
    200: okResponse("A page of the list.", schemaRef("PaginatedOAuthSourceList"), examplePage, "Last-Modified"),
    400: invalidQueryResponse(listParameters, {
      page_size: ["Ensure this value is less than or equal to 1000."],
      enabled: ["Must be a valid boolean."],
    }),
    404: invalidPageResponse,
    ...sharedRefs,
  },
};

const retrieve: Operation = {
  operationId: "sources_oauth_retrieve",
  tags: ["sources"],
  summary: "One OAuth source",
  parameters: [slugParameter],
  responses: {
    200: okResponse("The source.", schemaRef("OAuthSource"), exampleSource),
    400: invalidQueryResponse([], { non_field_errors: ["The query is longer than 16384 bytes."] }),
    404: slugNotFoundResponse,
    ...sharedRefs,
  },
};

const sourceTypes: Operation = {
  operationId: "sources_oauth_source_types_list",
  tags: ["sources"],
  summary: "The types that a source can have",
  parameters: sourceTypesParameters,
  responses: {
    200: okResponse("The types, in authentik's order.", { type: "array", items: schemaRef("SourceType") }, [
      exampleSource.type,
    ]),
    400: invalidQueryResponse(sourceTypesParameters, { name: ["Null characters are not allowed."] }),
    ...sharedRefs,
  },
};

const syncSchema: Oas3_1Schema = {
  type: "object",
  description:
    "Where the store is kept in step with authentik: how old its last good run is, what started it, and how many odd values it has met.",
  properties: {
    age_seconds: { type: "integer", minimum: 0 },
    trigger: { type: "string", enum: syncRuns.trigger.enumValues },
    warnings: { type: "integer", minimum: 0 },
  },
  required: ["age_seconds"],
};

const problem: Oas3_1Schema = {
  type: "string",
  description:
    "What is wrong with the variables of the sync, which then does not run while readers are served; or what the store lacks, and the command that makes it.",
};

const store: Oas3_1Schema = { type: "string", enum: ["d1", "libsql"], description: "Which kind of store is read." };

/** A response of the two routes below. */
const statusResponse = (description: string, statuses: string[], properties: Record<string, Oas3_1Schema> = {}) => ({
  description,
  headers: headerRefs(...commonHeaders),
  content: {
    "application/json": {
      schema: {
        type: "object",
        properties: { status: { type: "string", enum: statuses }, ...properties },
        required: ["status"],
        additionalProperties: false,
      } satisfies Oas3_1Schema,
      example: { status: statuses[0] },
    },
  },
});

const healthz: Operation = {
  operationId: "healthz",
  tags: ["operation"],
  summary: "Whether the Worker runs",
  security: [],
  responses: {
    200: statusResponse("It runs.", ["ok"]),
    405: responseRef("405"),
  },
};

const readyz: Operation = {
  operationId: "readyz",
  tags: ["operation"],
  summary: "Whether the store answers and has its tables",
  security: [],
  responses: {
    200: statusResponse("It does.", ["ready"], { store, sync: syncSchema, problem }),
    405: responseRef("405"),
    503: statusResponse(
      "It does not (`unavailable`), or the last good run of the sync is older than SYNC_MAX_AGE_SECONDS or dated in the future (`stale`).",
      ["unavailable", "stale"],
      { store, sync: syncSchema, problem },
    ),
  },
};

const count: Oas3_1Schema = { type: "integer", minimum: 0 };

const object = (properties: Record<string, Oas3_1Schema>, optional: string[] = []): Oas3_1Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

const warningSchema = object({
  source: { type: ["string", "null"], description: "The slug of the source; null where it is of no source." },
  key: { type: "string", description: "The key that holds the value; dots lead into it." },
  what: { type: "string", description: "What is odd, in a word." },
});

const runSchema = object({
  started_at: { type: "string", format: "date-time" },
  duration_ms: count,
  trigger: { type: "string", enum: syncRuns.trigger.enumValues },
  outcome: { type: "string", enum: syncRuns.outcome.enumValues },
  warnings: count,
  reason: {
    type: ["string", "null"],
    description: "Why it went wrong. No address of authentik or of the store is in it.",
  },
});

const statusSchema = object(
  {
    sources: count,
    icons: object({
      stored: count,
      failed: { ...count, description: "How many could not be had when they were last asked for." },
      first_failed: {
        type: "array",
        maxItems: 10,
        items: { type: "string" },
        description: "The slugs of their sources.",
      },
    }),
    warnings: {
      ...object({ count, first: { type: "array", items: warningSchema } }),
      description: "Of the last good run of the sync.",
    },
    runs: { type: "array", maxItems: 10, items: runSchema, description: "Of the sync, the newest first." },
    problem: { type: "string", description: "What is wrong with the variables of the sync." },
    not_configured: {
      type: "array",
      items: { type: "string" },
      description:
        "The variables and bindings that are not set and may be: without `AUTHENTIK_TOKEN` no sync runs here.",
    },
  },
  ["problem"],
);

const exampleStatus = {
  sources: 12,
  icons: { stored: 11, failed: 1, first_failed: ["okta"] },
  warnings: { count: 1, first: [{ source: "okta", key: "icon_url", what: "unavailable" }] },
  runs: [
    {
      started_at: "2026-11-29T10:05:00Z",
      duration_ms: 412,
      trigger: "cron",
      outcome: "failed",
      warnings: 0,
      reason: "authentik answered 502",
    },
  ],
  not_configured: ["SYNC_HOOK_SECRET", "TOKEN_LIMIT", "ADDRESS_LIMIT"],
} satisfies StoreStatus & { not_configured: string[] };

const { 304: _, ...refusals } = sharedRefs;

const status: Operation = {
  operationId: "status",
  tags: ["operation"],
  summary: "How the replica is, for whoever may view sources",
  responses: {
    200: {
      description: "Read from the store at this moment.",
      headers: headerRefs(...commonHeaders),
      content: { "application/json": { schema: statusSchema, example: exampleStatus } },
    },
    ...refusals,
  },
};

export const paths: Oas3Paths<Oas3_1Schema> = {
  "/sources/oauth/": { get: list },
  "/sources/oauth/{slug}/": { get: retrieve },
  "/sources/oauth/source_types/": { get: sourceTypes },
  "/healthz": { servers: [root], get: healthz },
  "/readyz": { servers: [root], get: readyz },
  "/status": { servers: [root], get: status },
};
