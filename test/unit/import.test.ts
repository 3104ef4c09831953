import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asc } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { listState, oauthSources } from "../../src/db/schema.ts";
import type { OAuthSource } from "../../src/sources/source.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { fixturePath, readFixture, runTool, spawnTool, temporaryFolder } from "../support/run.ts";
import { generateSources, largestPage, padSource } from "../support/upstream.ts";

let store: { LIBSQL_URL: string };
let folder: string;

beforeEach(async () => {
  folder = temporaryFolder();
  store = { LIBSQL_URL: `file:${join(folder, "test.db")}` };
  await migrateStore(openStore(store.LIBSQL_URL));
});

const sources = () => openStore(store.LIBSQL_URL).select().from(oauthSources).orderBy(asc(oauthSources.pk));
const revision = async () => (await openStore(store.LIBSQL_URL).select().from(listState))[0]?.revision;

function write(content: unknown): string {
  const file = join(folder, "list.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const importFile = (file: string, ...options: string[]) => runTool("import", [...options, file], store);
const { results: company } = readFixture("company");

/** Sources that differ in all that must be unique. */
const generate = (count: number, name = "Source"): OAuthSource[] =>
  Array.from({ length: count }, (_, i) => ({
    ...(company[i % company.length] as OAuthSource),
    pk: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    name: `${name} ${i}`,
    slug: `source-${i}`,
    managed: null,
  }));

describe("npm run db:import", () => {
  it("replaces the list, and says what has changed", async () => {
    expect(await importFile(fixturePath("company"))).toMatchObject({
      code: 0,
      stdout: "added 12, changed 0, removed 0, unchanged 0\n",
    });
    const [first, second, ...others] = company;
    const [fresh] = generate(1);
    const next = [{ ...first, name: "Renamed" }, ...others, fresh];
    expect((await importFile(write(next))).stdout).toBe("added 1, changed 1, removed 1, unchanged 10\n");
    expect((await sources()).map((row) => row.pk)).not.toContain(second?.pk);
    expect((await sources()).find((row) => row.pk === first?.pk)?.searchText).toBe("RENAMED\nAPPLE");
  });

  it("writes nothing where nothing differs", async () => {
    await importFile(fixturePath("adversarial"));
    const before = await revision();
    expect((await importFile(fixturePath("adversarial"))).stdout).toBe("added 0, changed 0, removed 0, unchanged 67\n");
    expect(await revision()).toBe(before);
  });

  it("lets sources swap their slugs", async () => {
    const [a, b] = generate(2);
    await importFile(write([a, b]));
    const swapped = [
      { ...a, slug: b?.slug },
      { ...b, slug: a?.slug },
    ];
    expect((await importFile(write(swapped))).stdout).toBe("added 0, changed 2, removed 0, unchanged 0\n");
  });

  it("keeps the type of a provider that is not known here, a key that is new, and no secret", async () => {
    const [source] = generate(1);
    const type = { ...source?.type, name: "keycloak", verbose_name: "Keycloak" };
    await importFile(write([{ ...source, provider_type: "keycloak", type, consumer_secret: "hunter2", new_key: 1 }]));
    const [stored] = await sources();
    expect(JSON.parse(stored?.document ?? "")).toMatchObject({ type, new_key: 1 });
    expect(JSON.stringify(stored)).not.toContain("hunter2");
  });

  it("gives a source without a type the one that is known, or the default type", async () => {
    const [a, b] = generate(2).map(({ type: _, ...source }) => source);
    await importFile(
      write([
        { ...a, provider_type: "github" },
        { ...b, provider_type: "unheard-of" },
      ]),
    );
    const names = (await sources()).map(({ document }) => JSON.parse(document).type.verbose_name);
    expect(names.sort()).toEqual(["Default source type", "GitHub"]);
  });

  it("gives defaults as the contract has them", async () => {
    const { pk, name, slug, enabled, provider_type, consumer_key } = generate(1)[0] as OAuthSource;
    expect((await importFile(write([{ pk, name, slug, enabled, provider_type, consumer_key }]))).code).toBe(0);
    const source = JSON.parse((await sources())[0]?.document ?? "");
    expect(source).toMatchObject({
      policy_engine_mode: "any",
      user_matching_mode: "identifier",
      user_path_template: "goauthentik.io/sources/%(slug)s",
      additional_scopes: "",
      oidc_jwks: {},
      profile_url: null,
    });
    expect(Object.keys(source)).toEqual(Object.keys(readFixture("company").results[0] ?? {}));
  });

  it("names row, slug and field of every problem, and leaves the store as it was", async () => {
    await importFile(fixturePath("company"));
    const before = await sources();
    const [a, b, c, d, e] = generate(5);
    const { code, stdout, stderr } = await importFile(
      write([
        { ...a, enabled: "yes", slug: "no slug" },
        { ...b, policy_engine_mode: 7 },
        { ...c, name: undefined, type: { ...c?.type, verbose_name: 7 } },
        { ...d, managed: "m", name: "nul\0" },
        { ...e, managed: "m", slug: d?.slug, profile_url: "x".repeat(256) },
        { ...a, pk: "7", slug: "again" },
        { ...b, slug: "source-1" },
        7,
      ]),
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    for (const problem of [
      'row 1 (slug "no slug"): slug: may hold',
      'row 1 (slug "no slug"): enabled: ',
      'row 2 (slug "source-1"): policy_engine_mode: ',
      'row 3 (slug "source-2"): name: ',
      'row 3 (slug "source-2"): type.verbose_name: ',
      'row 4 (slug "source-3"): name: is not valid text',
      'row 5 (slug "source-3"): profile_url: ',
      'row 6 (slug "again"): pk: is not a UUID in lower case',
      "and perhaps more: the check stops at 10 problems",
    ]) {
      expect(stderr).toContain(problem);
    }
    expect(await sources()).toEqual(before);
  });

  it("refuses what stands in two rows", async () => {
    const [a, b, c] = generate(3);
    const { code, stderr } = await importFile(
      write([
        { ...a, managed: "m" },
        { ...b, slug: a?.slug, managed: "m" },
        { ...c, pk: a?.pk },
      ]),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('row 2 (slug "source-0"): slug: stands in another row too');
    expect(stderr).toContain('row 2 (slug "source-0"): managed: stands in another row too');
    expect(stderr).toContain('row 3 (slug "source-2"): pk: stands in another row too');
  });

  it.each([
    ["no JSON", "<html>", /is not JSON/],
    ["no list", { detail: "Token invalid/expired" }, /neither a list of sources nor an answer/],
    ["one page of several", { pagination: { count: 250 }, results: company }, /holds 12 of 250 sources/],
  ])("refuses %s", async (_, content, message) => {
    const { code, stderr } = await importFile(write(content));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it.each([
    ["[]", []],
    ["an answer without results", { pagination: { count: 0 }, results: [] }],
  ])("refuses to empty a store by %s, unless removals are allowed", async (_, content) => {
    await importFile(fixturePath("company"));
    const before = await sources();
    const file = write(content);
    const { code, stdout, stderr } = await importFile(file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `import: ${file} has no sources, and the store has 12: nothing was written; ` +
        "where that is right, run it again with --allow-removals\n",
    );
    expect(await sources()).toEqual(before);
    expect(await importFile(file, "--allow-removals")).toMatchObject({
      code: 0,
      stdout: "added 0, changed 0, removed 12, unchanged 0\n",
    });
    expect(await importFile(file)).toMatchObject({ code: 0, stdout: "added 0, changed 0, removed 0, unchanged 0\n" });
  });

  it("takes a list that has lost all sources but one, and counts them", async () => {
    await importFile(fixturePath("company"));
    expect(await importFile(write(company.slice(0, 1)))).toMatchObject({
      code: 0,
      stdout: "added 0, changed 0, removed 11, unchanged 1\n",
    });
  });

  it("writes no SQL that empties a store, unless removals are allowed", async () => {
    const file = write([]);
    const { code, stdout, stderr } = await importFile(file, "--sql");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/has no sources, and its SQL would remove all that are stored: .* --allow-removals$/m);
    const allowed = await importFile(file, "--sql", "--allow-removals");
    expect(allowed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^delete from "oauth_sources";$/m) });
  });

  it("refuses URLs that run code, however their scheme is disguised", async () => {
    const [a, b, c] = generate(3);
    const { code, stderr } = await importFile(
      write([
        { ...a, icon: "\ufeffjavascript:alert(1)" },
        { ...b, profile_url: "\u00a0data:text/html,x" },
        { ...c, provider_type: "x", type: { ...c?.type, name: "x", oidc_jwks_url: "java\tscript:alert(1)" } },
      ]),
    );
    expect(code).toBe(1);
    expect(stderr.split("\n")).toEqual([
      'import: row 1 (slug "source-0"): icon: has a URL of the scheme javascript:',
      'row 2 (slug "source-1"): profile_url: has a URL of the scheme data:',
      'row 3 (slug "source-2"): type.oidc_jwks_url: has a URL of the scheme javascript:',
      "",
    ]);
    expect(await sources()).toEqual([]);
  });

  it("stops at ten problems in a list of 1.9 million", async () => {
    const { code, stderr } = await importFile(write(`[${"0,".repeat(1_899_999)}0]`));
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^row 10 \(slug null\): row: /),
      "and perhaps more: the check stops at 10 problems",
    ]);
  });

  it("names what is nested too deep for a call stack, be it a field or all there is", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const [a, b, c] = generate(3);
    const rows = JSON.stringify([a, { ...b, oidc_jwks: "@" }, { ...c, not_known: "@" }]).replaceAll('"@"', deep);
    expect(await importFile(write(rows))).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'import: row 2 (slug "source-1"): oidc_jwks: is nested more than 200 deep\n' +
        'row 3 (slug "source-2"): not_known: is nested more than 200 deep\n',
    });
    expect((await importFile(write(deep))).stderr).toBe("import: row 1 (slug null): row: is no object\n");
  });

  it("refuses a source of more than 64 KiB, and a thousand of more than 8 MiB together, before it writes", async () => {
    const [a, b, c] = generate(3) as [OAuthSource, OAuthSource, OAuthSource];
    const tooLarge = await importFile(write([a, padSource(b, 65_537), padSource(c, 65_536)]));
    expect(tooLarge).toEqual({
      code: 1,
      stdout: "",
      stderr: 'import: row 2 (slug "source-1"): has 65537 bytes as JSON, more than 65536\n',
    });
    const page = largestPage();
    const further = generateSources(1_100).slice(1_000) as [OAuthSource, ...OAuthSource[]];
    const tooLargeTogether = await importFile(write([...page, padSource(further[0], 8_389)]));
    expect(tooLargeTogether).toMatchObject({ code: 1, stdout: "" });
    expect(tooLargeTogether.stderr).toContain(
      "the 1000 largest sources have 8388609 bytes as JSON together, more than 8388608: row 1 (",
    );
    expect(await sources()).toEqual([]);
    const whole = [...page, ...further.map((source) => padSource(source, 8_388))];
    expect((await importFile(write(whole))).stdout).toMatch(/^added 1100,/);
  });

  it("refuses a call without a file, or with a missing one", async () => {
    expect(await runTool("import", [], store)).toMatchObject({ code: 2 });
    expect((await importFile(join(folder, "none.json"))).stderr).toMatch(/cannot read .*none\.json/);
  });

  it("imports 10,000 rows; killed half-way, it leaves the old list or the new one", async () => {
    const count = 10_000;
    expect((await importFile(write(generate(count, "Old")))).stdout).toBe(
      `added ${count}, changed 0, removed 0, unchanged 0\n`,
    );
    const file = write(generate(count, "New"));
    const names = async () => new Set((await sources()).map((row) => String(row.name).split(" ")[0]));
    const outcomes: string[] = [];
    for (const delay of [600, 800, 1000, 1200, 1400]) {
      await killAfter(delay, spawnTool("import", [file], store));
      const seen = await names();
      expect(seen.size, `half-written after ${delay} ms`).toBe(1);
      expect(await sources()).toHaveLength(count);
      outcomes.push([...seen].join());
    }
    expect(outcomes[0]).toBe("Old");
    expect((await importFile(file)).stdout).toMatch(/added 0, (changed 10000|changed 0), removed 0/);
    expect(await names()).toEqual(new Set(["New"]));
  });
});

function killAfter(milliseconds: number, child: ReturnType<typeof spawnTool>): Promise<unknown> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return ended;
}
