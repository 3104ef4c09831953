import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { ask, stores, tokens } from "../support/harness.ts";
import { readFixture } from "../support/run.ts";

/** authentik's own description of a release, as its generated client carries it (OpenAPI 3.0). */
function schemaOf(release: string) {
  const text = readFileSync(`node_modules/authentik-client-${release}/schema.yml`, "utf8");
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(asJsonSchema(load(text)) as object, "authentik");
  return (name: string, body: unknown): string[] => {
    const validate = ajv.getSchema(`authentik#/components/schemas/${name}`);
    if (!validate) throw new Error(`authentik ${release} describes no ${name}`);
    validate(body);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

/** `nullable` is no word of JSON Schema. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, asJsonSchema(each)]),
  );
  return nullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}

/** The company as authentik 2025.8 sends it. */
function company2025() {
  const newer = ["promoted", "icon_url", "icon_themed_urls", "pkce"];
  const known = readFixture("company").results.map(({ slug }) => slug);
  const page = readFixture("company-2026");
  const results = page.results
    .filter(({ slug }) => known.includes(slug))
    .map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => !newer.includes(key))))
    .map((row) => ({
      ...row,
      icon: "/static/x.svg",
      provider_type: row.provider_type === "entraid" ? "azuread" : row.provider_type,
    }));
  return { ...page, pagination: { ...page.pagination, count: results.length }, results };
}

/** The company of 2026.8, whose clients know the provider type `azuread` by its new name alone. */
function company2026() {
  const page = readFixture("company-2026");
  const newName = (name: string) => (name === "azuread" ? "entraid" : name);
  return { ...page, results: page.results.map((row) => ({ ...row, provider_type: newName(row.provider_type) })) };
}

const get = async (path: string, token = tokens.authentik) =>
  (await ask("authentik", `/api/v3/sources/oauth/${path}`, { headers: { Authorization: `Bearer ${token}` } })).json();

describe.each([
  ["2025", () => company2025()],
  ["2026", () => company2026()],
])("answers over data of authentik %s", (release, listOf) => {
  const problemsOf = schemaOf(release);

  beforeAll(() => stores.authentik.load(listOf()));

  it("hold against its own description: list, retrieve, source types, errors", async () => {
    const list = (await get("?page_size=1000")) as { results: { slug: string }[] };
    expect(list.results.length).toBeGreaterThan(5);
    expect(problemsOf("PaginatedOAuthSourceList", list)).toEqual([]);
    for (const { slug } of list.results) expect(problemsOf("OAuthSource", await get(`${slug}/`)), slug).toEqual([]);
    for (const type of (await get("source_types/")) as unknown[]) expect(problemsOf("SourceType", type)).toEqual([]);
    expect(problemsOf("ValidationError", await get("?page=0"))).toEqual([]);
    expect(problemsOf("GenericError", await get("", "nobody"))).toEqual([]);
  });

  it("are refused by that description where a key is missing", async () => {
    const [{ name: _, ...source } = { name: "" }] = ((await get("")) as { results: { name: string }[] }).results;
    expect(problemsOf("OAuthSource", source)).toEqual([" must have required property 'name'"]);
  });
});
