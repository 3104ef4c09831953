import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as client2024 from "authentik-client-2024";
import * as client2026 from "authentik-client-2026";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourcesPage } from "../../src/sources/source.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { blocksOf } from "../support/markdown.ts";
import { authentikUrl, expectRecordedCases } from "../support/recorded-cases.ts";
import { fixturePath, readFixture, run, runTool, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();
const store = { LIBSQL_URL: `file:${join(folder, "first.db")}` };
let dev: DevServer;

beforeAll(async () => {
  dev = await startDev(["--port", "0"], { ...store, AUTHENTIK_URL: authentikUrl });
});

afterAll(async () => {
  await dev.stop();
  await expect(fetch(dev.origin), "Ctrl-C ends the Worker too").rejects.toThrow();
});

describe("npm run dev", () => {
  it("ends with a Worker that serves the sample company to the printed curl", async () => {
    const { code, stdout } = await run("sh", ["-c", `${dev.curl} --silent --fail`]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(readFixture("company"));
  });

  it("gives what the quick start of README.md shows", async () => {
    const [, command = "", shown = ""] = /^\$ (curl .*)\n([\s\S]*?), …/m.exec(readFileSync("README.md", "utf8")) ?? [];
    const { stdout } = await run("sh", ["-c", command.replace("http://localhost:8787", dev.origin)]);
    expect(shown.length).toBeGreaterThan(100);
    expect(stdout).toContain(shown.replace(/\n\s*/g, ""));
  });

  it("gives the snippet of README.md that uses the typed client what it prints", async () => {
    const [snippet = ""] = blocksOf("README.md", "ts");
    const script = join(folder, "snippet.ts");
    const code = snippet
      .replace('"authentik-sources-edge/client"', JSON.stringify(resolve("src/client.ts")))
      .replace("http://localhost:8787", dev.origin);
    writeFileSync(script, code);
    const { code: ended, stdout, stderr } = await run(process.execPath, [script]);
    expect(ended, stderr).toBe(0);
    const enabled = readFixture("company").results.filter((source) => source.enabled);
    expect(stdout).toBe(enabled.map(({ slug, name }) => `${slug} ${name}\n`).join(""));
  });

  it("runs twice at once, on another port and file, with another token", async () => {
    mkdirSync(join(folder, "deeper"));
    const second = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(folder, "deeper", "second.db")}`,
      DEV_TOKEN: "other",
    });
    const list = (origin: string, token: string) =>
      fetch(`${origin}/sources/oauth/`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await list(second.origin, "other")).status).toBe(200);
    expect((await list(second.origin, "dev-token")).status).toBe(403);
    expect((await list(dev.origin, "dev-token")).status).toBe(200);
    await second.stop();
  });

  it("keeps what the store holds when it starts again, in the one file that the URL names for all tools", async () => {
    const kept = { LIBSQL_URL: `file:${join(folder, "kept%20%25%23.db")}` };
    await (await startDev(["--port", "0"], kept)).stop();
    expect((await runTool("import", [fixturePath("adversarial")], kept)).code).toBe(0);
    const again = await startDev(["--port", "0"], kept);
    const body = JSON.parse((await run("sh", ["-c", `${again.curl} --silent`])).stdout) as SourcesPage;
    expect(body.pagination.count).toBe(67);
    await again.stop();
    expect(readdirSync(folder).filter((name) => /^kept.*db$/.test(name))).toEqual(["kept %#.db"]);
  });

  it("leaves a remote store alone, and says so of the token", async () => {
    const remote = await startDev(["--port", "0"], { LIBSQL_URL: "http://127.0.0.1:1" });
    expect(remote.curl).toContain("Bearer TOKEN");
    expect(
      (await fetch(`${remote.origin}/sources/oauth/`, { headers: { Authorization: "Bearer dev-token" } })).status,
    ).toBe(503);
    await remote.stop();
  });
});

describe.each([
  {
    year: 2024,
    connect: (basePath: string, accessToken: string) =>
      new client2024.SourcesApi(new client2024.Configuration({ basePath, accessToken })),
    ResponseError: client2024.ResponseError,
  },
  {
    year: 2026,
    connect: (basePath: string, accessToken: string) =>
      new client2026.SourcesApi(new client2026.Configuration({ basePath, accessToken })),
    ResponseError: client2026.ResponseError,
  },
])("authentik's own TypeScript client of $year", ({ connect, ResponseError }) => {
  const client = (accessToken = "dev-token") => connect(`${dev.origin}/api/v3`, accessToken);
  const { results: company } = readFixture("company");
  const providerTypes: { name: string }[] = JSON.parse(readFileSync("test/conformance/provider-types.json", "utf8"));

  it("lists", async () => {
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

  it("walks all pages", async () => {
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

  it("gets 400 and 403 as its own errors", async () => {
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
});

describe("the recorded cases", () => {
  it.each(["company", "company-2026", "adversarial", "many"])(
    "of %s pass, cold at one path and then warm at the other",
    async (name) => {
      const own = { LIBSQL_URL: `file:${join(folder, `${name}.db`)}` };
      await migrateStore(openStore(own.LIBSQL_URL, undefined));
      expect((await runTool("import", [fixturePath(name)], own)).code).toBe(0);
      const denied = (await runTool("token", ["create", "--name", name, "--scope", "none"], own)).stdout.trim();
      const server = await startDev(["--port", "0"], {
        ...own,
        AUTHENTIK_URL: authentikUrl,
        CACHE_FRESH_SECONDS: "3600",
      });
      // Twice: cold, and then out of whatever remembers the first time.
      for (const base of [server.origin, server.origin, `${server.origin}/api/v3`]) {
        await expectRecordedCases(name, base, { reader: "dev-token", denied });
      }
      await server.stop();
    },
  );
});
