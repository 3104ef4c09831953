import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { iconImages } from "../../src/db/schema.ts";
import { listQuerySchema } from "../../src/source/query.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { readPage } from "../../src/store/page.ts";
import { fixturePath, readFixture, runTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, largestPage, padSource, startUpstream } from "../support/upstream.ts";

const { results: company } = readFixture("company");
const [first, second, ...others] = company as [OAuthSource, OAuthSource, ...OAuthSource[]];
const [fresh] = generateSources(1);

let store: Awaited<ReturnType<typeof createFileStore>>;

beforeEach(async () => {
  store = await createFileStore(company);
});

const importWith = (...args: string[]) => runTool("import", args, { LIBSQL_URL: store.url });

/** Writes the content into a file, and imports that. */
async function importFile(content: unknown, ...options: string[]) {
  const file = join(temporaryFolder(), "list.json");
  writeFileSync(file, typeof content === "string" || content instanceof Buffer ? content : JSON.stringify(content));
  return { file, ...(await importWith(...options, file)) };
}

async function expectRefusal(run: Promise<Awaited<ReturnType<typeof importWith>>>, message: string | RegExp) {
  const before = await store.snapshot();
  const { code, stdout, stderr } = await run;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(message);
  expect(await store.snapshot()).toEqual(before);
}

describe("the import tool with --icons", () => {
  const icons = () => store.db.$count(iconImages);

  it("copies all icons, however many, and asks nobody without it", async () => {
    const upstream = await startUpstream();
    const rows = generateSources(30).map((source, i) => ({
      ...source,
      icon: i === 0 ? "http://127.0.0.1:1/icon.svg" : `/static/${i}.svg`,
    }));
    const variables = { LIBSQL_URL: store.url, AUTHENTIK_URL: upstream.origin };
    const file = join(temporaryFolder(), "list.json");
    writeFileSync(file, JSON.stringify(rows));
    expect(await runTool("import", [file], variables)).toMatchObject({ code: 0 });
    expect([await icons(), upstream.iconsSeen.length]).toEqual([0, 0]);
    const { code, stdout, stderr } = await runTool("import", ["--icons", file], variables);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "added 0, changed 0, removed 0, unchanged 30\nicons: asked for 30, changed 29, could not have 1\n",
    });
    expect(stderr).toContain("warning: source-00000: icon: could not be read: http://127.0.0.1:1/icon.svg is neither");
    expect([await icons(), upstream.iconsSeen.length]).toEqual([29, 29]);
    expect(upstream.seen).toEqual([]);
    await upstream.close();
  });

  it.each([
    ["beside --sql", ["--sql"], {}, "--sql cannot hold icons, since D1 takes statements of 100 KB: leave --icons out"],
    [
      "without an authentik",
      [],
      {},
      "--icons: AUTHENTIK_SYNC_URL is not set, nor is AUTHENTIK_URL: where is authentik?",
    ],
  ])("is refused %s", async (_, args, variables, message) => {
    const settings = { LIBSQL_URL: store.url, AUTHENTIK_URL: "", AUTHENTIK_SYNC_URL: "", ...variables };
    const { code, stdout, stderr } = await runTool("import", ["--icons", ...args, fixturePath("company")], settings);
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([2, "", `import: ${message}`]);
  });
});

describe("the import tool", () => {
  it("replaces the list, and says what has changed and when readers see it", async () => {
    const { code, stdout, stderr } = await importFile([{ ...first, name: "Renamed" }, ...others, fresh]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "added 1, changed 1, removed 1, unchanged 10\n" });
    expect(stderr).toMatch(/^Readers may see the old list for another 60 s/);
    const { sources } = await store.snapshot();
    expect(sources.map(({ pk }) => pk)).not.toContain(second.pk);
    expect(sources.find(({ pk }) => pk === first.pk)?.searchText).toBe("RENAMED\nAPPLE");
  });

  it("writes nothing where nothing differs", async () => {
    const before = await store.snapshot();
    expect((await importWith(fixturePath("company"))).stdout).toBe("added 0, changed 0, removed 0, unchanged 12\n");
    expect(await store.snapshot()).toEqual(before);
  });

  it("gives a source without a type the one that the store has for its provider", async () => {
    const { type: _, ...source } = { ...fresh, provider_type: "github" };
    await importFile([...company, source]);
    const stored = (await store.snapshot()).sources.find(({ pk }) => pk === fresh?.pk);
    expect(JSON.parse(stored?.document ?? "").type.verbose_name).toBe("GitHub");
  });

  it("keeps the spelling of numbers from the file to the wire", async () => {
    const jwks = '{"keys":[12345678901234567890,1e400,1.0,-0,1E5,"1.0"]}';
    await importFile(JSON.stringify([{ ...first, oidc_jwks: "@" }]).replace('"@"', jwks));
    const page = await readPage(store.db, listQuerySchema.parse({}), "https://authentik.example");
    expect(page?.body).toContain(`"oidc_jwks":${jwks}`);
  });

  it("takes a file of more than one batch, since a file takes any size", { timeout: 120_000 }, async () => {
    const further = generateSources(4_100).slice(1_000);
    const padded = further.map((source) => padSource(source, 8_388));
    expect((await importFile([...largestPage(), ...padded])).stdout).toMatch(/^added 4100,/);
  });

  it.each<[string, unknown, string | RegExp]>([
    ["no JSON", "<html>", /^import: .*list\.json is not JSON: /],
    ["no list", { sources: [] }, /neither a list of sources nor an answer/],
    [
      "an error of authentik's",
      { detail: "Token invalid/expired" },
      /is an error of authentik's, and no list: "Token invalid\/expired"\n$/,
    ],
    [
      "a list of pages",
      [{ results: company }, { results: [] }],
      /is a list of pages: put the results of all of them into one list\n$/,
    ],
    [
      "ISO 8859-1",
      Buffer.from('[{"name":"gr\u00fcn"}]', "latin1"),
      /list\.json is not UTF-8 text: save it as UTF-8\n$/,
    ],
    ["one page of several", { pagination: { count: 250 }, results: company }, /holds 12 of 250 sources/],
    [
      "wrong rows",
      [
        { ...first, slug: "no slug" },
        { ...second, name: null },
      ],
      /^import: row 1 \(slug "no slug"\): slug: may hold .*\nrow 2 \(slug ".*"\): name: is not valid text\n$/,
    ],
    [
      "an empty array",
      [],
      /list\.json has no sources, and the store has 12: nothing was written; .* --allow-removals$/m,
    ],
    ["an empty page", { pagination: { count: 0 }, results: [] }, /has no sources, and the store has 12/],
  ])("refuses %s with 1, and leaves the list as it was", (_, content, message) =>
    expectRefusal(importFile(content), message),
  );

  it("refuses a file that there is not", () => expectRefusal(importWith("none.json"), /cannot read none\.json/));

  it("empties a store with --allow-removals, and needs none where it is empty", async () => {
    expect((await importFile([], "--allow-removals")).stdout).toBe("added 0, changed 0, removed 12, unchanged 0\n");
    expect(await importFile([])).toMatchObject({ code: 0, stdout: "added 0, changed 0, removed 0, unchanged 0\n" });
  });

  it("takes a list that has lost all sources but one, and counts them", async () => {
    expect((await importFile([first])).stdout).toBe("added 0, changed 0, removed 11, unchanged 1\n");
  });

  it("prints SQL with --sql that replaces the whole list, and writes to no store", async () => {
    const before = await store.snapshot();
    const { code, stdout } = await importFile([{ ...first, name: "O'Neill" }, fresh], "--sql");
    expect(code).toBe(0);
    expect(await store.snapshot()).toEqual(before);
    await store.db.$client.executeMultiple(stdout);
    const { sources, state } = await store.snapshot();
    expect(sources.map(({ name }) => name).sort()).toEqual(["O'Neill", fresh?.name]);
    expect(state).toMatchObject([{ count: 2 }]);
  });

  it("prints SQL that empties a store with --allow-removals alone", async () => {
    await expectRefusal(
      importFile([], "--sql"),
      /has no sources, and its SQL would remove all that are stored: .* --allow-removals$/m,
    );
    expect(await importFile([], "--sql", "--allow-removals")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^delete from "oauth_sources";$/m),
    });
  });

  it.each([
    ["without a file", [], "name one file"],
    ["with two files", ["a.json", "b.json"], "name one file"],
    ["with a flag that there is not", ["--force", "a.json"], "Unknown option '--force'"],
    ["with both --sql and --d1", ["--sql", "--d1", fixturePath("company")], "--sql writes to no store"],
  ])("refuses a call %s with 2", async (_, args, message) => {
    const { code, stdout, stderr } = await importWith(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("See npm run db:import -- --help");
  });
});
