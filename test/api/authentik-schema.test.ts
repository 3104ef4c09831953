import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { Configuration as Configuration2024, SourcesApi as SourcesApi2024 } from "authentik-client-2024";
import { Configuration as Configuration2026, SourcesApi as SourcesApi2026 } from "authentik-client-2026";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevServer, startDev } from "../support/dev.ts";
import { fixturePath, readFixture, runTool, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();

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

/** The Worker over a list that an authentik of some version sent. */
async function startWith(name: string, file: string): Promise<DevServer> {
  const store = { LIBSQL_URL: `file:${join(folder, `${name}.db`)}` };
  const { code, stderr } = await runTool("migrate", [], store);
  expect(code, stderr).toBe(0);
  const imported = await runTool("import", [file], store);
  expect(imported.code, imported.stderr).toBe(0);
  return startDev(["--port", "0"], { ...store, AUTHENTIK_URL: "http://authentik.example" });
}

const get = async (server: DevServer, path: string, token = "dev-token") =>
  (
    await fetch(`${server.origin}/api/v3/sources/oauth/${path}`, { headers: { Authorization: `Bearer ${token}` } })
  ).json();

describe.each([
  ["2025", () => company2025()],
  ["2026", () => company2026()],
])("answers over data of authentik %s", (release, listOf) => {
  let server: DevServer;
  const problemsOf = schemaOf(release);

  beforeAll(async () => {
    const file = join(folder, `${release}.json`);
    writeFileSync(file, JSON.stringify(listOf()));
    server = await startWith(release, file);
  });
  afterAll(() => server.stop());

  it("hold against its own description: list, retrieve, source types, errors", async () => {
    const list = (await get(server, "?page_size=1000")) as { results: { slug: string }[] };
    expect(list.results.length).toBeGreaterThan(5);
    expect(problemsOf("PaginatedOAuthSourceList", list)).toEqual([]);
    for (const { slug } of list.results)
      expect(problemsOf("OAuthSource", await get(server, `${slug}/`)), slug).toEqual([]);
    for (const type of (await get(server, "source_types/")) as unknown[])
      expect(problemsOf("SourceType", type)).toEqual([]);
    expect(problemsOf("ValidationError", await get(server, "?page=0"))).toEqual([]);
    expect(problemsOf("GenericError", await get(server, "", "nobody"))).toEqual([]);
  });

  it("would not, if a key were missing", async () => {
    const [{ name: _, ...source } = { name: "" }] = ((await get(server, "")) as { results: { name: string }[] })
      .results;
    expect(problemsOf("OAuthSource", source)).toEqual([" must have required property 'name'"]);
  });
});

describe("authentik's own TypeScript client", () => {
  const wireKey = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

  it.each([
    [
      "2024.6",
      "company",
      (base: string) => new SourcesApi2024(new Configuration2024({ basePath: base, accessToken: "dev-token" })),
    ],
    [
      "2026.8",
      "company-2026",
      (base: string) => new SourcesApi2026(new Configuration2026({ basePath: base, accessToken: "dev-token" })),
    ],
  ])("of %s reads every key of data of its version", async (_, fixture, clientOf) => {
    const server = await startWith(`client-${fixture}`, fixturePath(fixture));
    try {
      const { results } = await clientOf(`${server.origin}/api/v3`).sourcesOauthList({ ordering: "slug" });
      const expected = readFixture(fixture).results.toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
      expect(results.map(({ slug }) => slug)).toEqual(expected.map(({ slug }) => slug));
      for (const [i, source] of results.entries()) {
        expect(Object.keys(source).map(wireKey)).toEqual(expect.arrayContaining(Object.keys(expected[i] ?? {})));
      }
    } finally {
      await server.stop();
    }
  });
});
