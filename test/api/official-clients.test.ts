import { readFileSync } from "node:fs";
import * as client2024 from "authentik-client-2024";
import * as client2026 from "authentik-client-2026";
import { beforeAll, describe, expect, it } from "vitest";
import { authentik, stores, tokens } from "../support/harness.ts";
import { readFixture } from "../support/run.ts";

describe.each([
  {
    year: 2024,
    fixture: "company",
    connect: (basePath: string, accessToken: string) =>
      new client2024.SourcesApi(new client2024.Configuration({ basePath, accessToken })),
    ResponseError: client2024.ResponseError,
  },
  {
    year: 2026,
    fixture: "company-2026",
    connect: (basePath: string, accessToken: string) =>
      new client2026.SourcesApi(new client2026.Configuration({ basePath, accessToken })),
    ResponseError: client2026.ResponseError,
  },
])("authentik's own TypeScript client of $year", ({ fixture, connect, ResponseError }) => {
  const client = (accessToken = tokens.authentik) => connect(`${authentik.origin}/api/v3`, accessToken);
  const { results: company } = readFixture("company");
  const providerTypes: { name: string }[] = JSON.parse(readFileSync("test/conformance/provider-types.json", "utf8"));

  beforeAll(() => stores.authentik.load(readFixture("company")));

  it("lists the sources, with the pagination", async () => {
    const { pagination, results } = await client().sourcesOauthList();
    expect(pagination).toMatchObject({ count: 12, totalPages: 1, startIndex: 1, endIndex: 12, next: 0 });
    expect(results.map((source) => source.slug)).toEqual(company.map((source) => source.slug));
    expect(results[0]).toMatchObject({
      pk: company[0]?.pk,
      name: "Apple",
      type: { name: "apple" },
      callbackUrl: company[0]?.callback_url,
    });
  });

  it("walks all pages by `next`", async () => {
    const slugs: string[] = [];
    for (let page = 1; page !== 0; ) {
      const { pagination, results } = await client().sourcesOauthList({ page, pageSize: 5, ordering: "-slug" });
      slugs.push(...results.map((source) => source.slug));
      page = pagination.next;
    }
    expect(slugs).toEqual(
      company
        .map((source) => source.slug)
        .sort()
        .reverse(),
    );
  });

  it.each([
    { search: "GIT" },
    { hasJwks: true },
    { enabled: false },
    { name: "GitHub" },
    { slug: "okta" },
    { providerType: "google" },
    { consumerKey: "key-okta" },
    { additionalScopes: "guilds guilds.members.read" },
    { requestTokenUrl: "https://api.twitter.com/oauth/request_token" },
    { authorizationUrl: "https://appleid.apple.com/auth/authorize" },
    { accessTokenUrl: "https://appleid.apple.com/auth/token" },
    { profileUrl: "https://graph.microsoft.com/v1.0/me" },
    { authenticationFlow: "11111111-aaaa-4bbb-8ccc-0123456789ab" },
    { enrollmentFlow: "f0000000-0000-4000-8000-00000000000f" },
    { policyEngineMode: "all" as const },
    { userMatchingMode: "email_deny" as const },
  ])("filters by %j", async (filter) => {
    const { results } = await client().sourcesOauthList(filter);
    const [[key = "", value] = []] = Object.entries(filter);
    const wireName = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const expected = company.filter((source) => {
      if (key === "search") return /git/i.test(`${source.name} ${source.slug}`);
      if (key === "hasJwks") return JSON.stringify(source.oidc_jwks) !== "{}";
      return source[wireName as keyof typeof source] === value;
    });
    expect(results.map((source) => source.slug)).toEqual(expected.map((source) => source.slug));
  });

  it("retrieves each source by its slug, as the list has it", async () => {
    const { results } = await client().sourcesOauthList();
    for (const source of results) {
      expect(await client().sourcesOauthRetrieve({ slug: source.slug })).toEqual(source);
    }
  });

  it("lists the source types, and one by its name", async () => {
    const types = await client().sourcesOauthSourceTypesList();
    expect(types.map(({ name }) => name)).toEqual(providerTypes.map(({ name }) => name));
    expect(await client().sourcesOauthSourceTypesList({ name: "github" })).toEqual(
      types.filter(({ name }) => name === "github"),
    );
  });

  it("throws its own error for a 400 and a 403", async () => {
    const refused = async (asked: Promise<unknown>) => {
      const error: unknown = await asked.catch((reason) => reason);
      if (!(error instanceof ResponseError)) throw error;
      return { status: error.response.status, body: await error.response.json() };
    };
    expect(await refused(client().sourcesOauthList({ page: 0 }))).toEqual({
      status: 400,
      body: { page: ["Ensure this value is greater than or equal to 1."], code: "invalid" },
    });
    expect(await refused(client("wrong").sourcesOauthList())).toEqual({
      status: 403,
      body: { detail: "Token invalid/expired", code: "authentication_failed" },
    });
  });

  it("reads every key of a list of its own version", async () => {
    await stores.authentik.load(readFixture(fixture));
    const { results } = await client().sourcesOauthList({ ordering: "slug" });
    const expected = readFixture(fixture).results.toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
    expect(results.map(({ slug }) => slug)).toEqual(expected.map(({ slug }) => slug));
    const wireKey = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const [i, source] of results.entries()) {
      expect(Object.keys(source).map(wireKey)).toEqual(expect.arrayContaining(Object.keys(expected[i] ?? {})));
    }
  });
});
