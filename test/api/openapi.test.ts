import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { documentText } from "../../tools/openapi/assets.ts";
import { ask, list, stores, tokens, until } from "../support/harness.ts";
import { described, describedResponse, problemsOf } from "../support/openapi.ts";
import { readFixture } from "../support/run.ts";

const listPath = "/sources/oauth/";
const slugPath = "/sources/oauth/{slug}/";
const typesPath = "/sources/oauth/source_types/";

describe("the parameters of the list in openapi.json", () => {
  const parameters = described.paths[listPath]?.get.parameters ?? [];

  it("are those of the contract, and no others", () => {
    const text = { type: "string" };
    const uuid = { type: "string", format: "uuid" };
    expect(parameters.map(({ name, ...rest }) => [name, "schema" in rest && rest.schema])).toEqual(
      expect.arrayContaining([
        ["page", { type: "integer", minimum: 1, default: 1 }],
        ["page_size", { type: "integer", minimum: 1, maximum: 1000, default: 100 }],
        ["ordering", { ...text, default: "name" }],
        ["search", text],
        ["has_jwks", { type: "boolean" }],
        ["enabled", { type: "boolean" }],
        ...["name", "slug", "provider_type", "consumer_key", "additional_scopes"].map((name) => [name, text]),
        ...["request_token_url", "authorization_url", "access_token_url", "profile_url"].map((name) => [name, text]),
        ["authentication_flow", uuid],
        ["enrollment_flow", uuid],
        ["policy_engine_mode", { ...text, enum: ["all", "any"] }],
        [
          "user_matching_mode",
          { ...text, enum: ["identifier", "email_link", "email_deny", "username_link", "username_deny"] },
        ],
        ["group_matching_mode", { ...text, enum: ["identifier", "name_link", "name_deny"] }],
        ["pbm_uuid", uuid],
      ]),
    );
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(21);
    expect(parameters.length).toBe(21);
  });

  it("are all optional, in the query, and described", () => {
    for (const parameter of parameters) {
      expect(parameter).toMatchObject({ in: "query", description: expect.stringMatching(/\.$/) });
      expect(parameter).not.toHaveProperty("required");
    }
  });
});

interface RecordedCase {
  id: string;
  method?: string;
  status: number | number[] | string;
  pagination?: object;
  slugs?: string[];
  body?: object;
}

describe("recorded answers of authentik", () => {
  it.each(["company", "company-2026", "adversarial", "many"])("hold against the document: all of %s", (name) => {
    const suite: { rows: Record<string, object>; cases: RecordedCase[]; envelope?: object } = JSON.parse(
      readFileSync(`test/conformance/cases/${name}.json`, "utf8"),
    );
    const bodyOf = ({ pagination, slugs, body }: RecordedCase) =>
      body ?? (slugs && { pagination, results: slugs.map((slug) => suite.rows[slug]), ...suite.envelope });

    const hasBody = ({ method, status }: RecordedCase) => method !== "HEAD" && typeof status === "number";
    const answers = suite.cases.filter(hasBody);
    expect(answers.length).toBeGreaterThan(850);
    for (const answer of answers) {
      expect(problemsOf(listPath, Number(answer.status), bodyOf(answer)), answer.id).toEqual([]);
    }
    expect(problemsOf(listPath, 200, readFixture(name))).toEqual([]);
  });
});

describe("answers of the Worker", () => {
  beforeAll(() => stores.company.load(readFixture("company")));

  /** Set by whatever carries a response, not by us. */
  const transportHeaders = /^(connection|keep-alive|transfer-encoding|content-(length|type)|mf-content-encoding)$/;

  async function expectDescribed(path: string, status: number, response: Awaited<ReturnType<typeof ask>>) {
    const body = await response.text();
    expect(response.status, body).toBe(status);
    const { content, headers = {} } = describedResponse(path, status);
    if (content) expect(problemsOf(path, status, JSON.parse(body))).toEqual([]);
    else expect(body).toBe("");
    const sent = [...response.headers.keys()].filter((name) => !transportHeaders.test(name));
    const said = Object.keys(headers).map((name) => name.toLowerCase());
    expect(said).toEqual(expect.arrayContaining(sent));
    // A slug that no source can have is refused before the cache is asked.
    expect(sent).toEqual(expect.arrayContaining(said.filter((name) => status === 200 || name !== "cache-status")));
  }

  it.each([
    [listPath, 200, {}, "/sources/oauth/"],
    [listPath, 200, {}, "/api/v3/sources/oauth/?search=nothing-has-this"],
    [listPath, 304, { "If-None-Match": "*" }, "/sources/oauth/"],
    [listPath, 400, {}, "/sources/oauth/?page=0&page_size=x&enabled=maybe&name=%00&enrollment_flow=1"],
    [listPath, 400, {}, `/sources/oauth/?${"&x=1".repeat(2000)}`],
    [listPath, 403, { Authorization: "" }, "/sources/oauth/"],
    [listPath, 403, { Authorization: "Basic x" }, "/sources/oauth/"],
    [listPath, 403, { Authorization: "Bearer nobody" }, "/sources/oauth/"],
    [listPath, 403, { Authorization: `Bearer ${tokens.denied}` }, "/sources/oauth/"],
    [listPath, 404, {}, "/sources/oauth/?page=99"],
    [slugPath, 200, {}, "/sources/oauth/github/"],
    [slugPath, 200, {}, "/api/v3/sources/oauth/okta/"],
    [slugPath, 304, { "If-None-Match": "*" }, "/sources/oauth/github/"],
    [slugPath, 400, {}, `/sources/oauth/github/?${"&x=1".repeat(2000)}`],
    [slugPath, 403, { Authorization: "" }, "/sources/oauth/github/"],
    [slugPath, 404, {}, "/sources/oauth/nobody/"],
    [slugPath, 404, {}, "/sources/oauth/no.slug/"],
    [typesPath, 200, {}, "/api/v3/sources/oauth/source_types/"],
    [typesPath, 200, {}, "/sources/oauth/source_types/?name=unheard-of"],
    [typesPath, 304, { "If-None-Match": "*" }, "/sources/oauth/source_types/"],
    [typesPath, 400, {}, "/sources/oauth/source_types/?name=%00"],
    [typesPath, 403, { Authorization: "" }, "/sources/oauth/source_types/"],
    ["/healthz", 200, {}, "/healthz"],
    ["/readyz", 200, {}, "/readyz"],
    ["/status", 200, {}, "/status"],
    ["/status", 403, { Authorization: "" }, "/status"],
  ])("hold against the document: %s is its %i, asked with %j", async (path, status, given, url) => {
    const headers = { Authorization: `Bearer ${tokens.reader}`, ...given };
    await expectDescribed(path, status, await ask("company", url, { headers }));
  });

  it.each([
    [listPath, 405, "/sources/oauth/"],
    [slugPath, 405, "/sources/oauth/github/"],
    [typesPath, 405, "/sources/oauth/source_types/"],
    ["/healthz", 405, "/healthz"],
    ["/readyz", 405, "/readyz"],
    ["/status", 405, "/status"],
  ])("hold against the document: %s is its %i for another method", async (path, status, url) => {
    await expectDescribed(path, status, await ask("company", url, { method: "POST" }));
  });

  it("name an outcome in Cache-Status as the document does", async () => {
    const response = await list("company", "search=never-asked-before");
    const [outcome] = /fwd=[a-z-]+/.exec(response.headers.get("Cache-Status") ?? "") ?? [];
    expect(outcome).toBe("fwd=uri-miss");
    expect(documentText).toContain(`\`${outcome}\``);
  });

  it("hold against the document: /readyz is its 503 where the last good run is too old", async () => {
    const response = await ask("late", "/readyz");
    expect(await response.clone().json()).toMatchObject({ status: "stale", store: "libsql" });
    await expectDescribed("/readyz", 503, response);
  });

  it.each([
    [listPath, "/sources/oauth/"],
    [slugPath, "/sources/oauth/github/"],
    [typesPath, "/sources/oauth/source_types/"],
    ["/readyz", "/readyz"],
    ["/status", "/status"],
  ])("hold against the document: %s is its 503 without a store", async (path, url) => {
    const headers = { Authorization: `Bearer ${tokens.reader}` };
    await expectDescribed(path, 503, await ask("storeless", url, { headers }));
  });

  it.each([
    [listPath, "/sources/oauth/"],
    [slugPath, "/sources/oauth/github/"],
    [typesPath, "/sources/oauth/source_types/"],
    ["/status", "/status"],
  ])("hold against the document: %s is its 500 with a wrong configuration", async (path, url) => {
    await expectDescribed(path, 500, await ask("misconfigured", url));
  });

  it.each([
    [listPath, "/sources/oauth/"],
    [slugPath, "/sources/oauth/github/"],
    [typesPath, "/sources/oauth/source_types/"],
    ["/status", "/status"],
  ])("hold against the document: %s is its 429 beyond the limit of a token", async (path, url) => {
    const headers = { Authorization: `Bearer ${tokens.reader}` };
    // A request a minute is allowed.
    await until(async () => expect((await ask("limited", url, { headers })).status).toBe(429));
    await expectDescribed(path, 429, await ask("limited", url, { headers }));
  });
});
