import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { syncSources } from "../../src/sync/run.ts";
import { describeWarnings } from "../../src/sync/warning.ts";
import { runTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, padSource, servePages, startUpstream } from "../support/upstream.ts";

const token = "Ak0123456789abcdefGHIJKLMNOPqrstuv";
const sources = generateSources(12);
const [first, second] = sources as [OAuthSource, OAuthSource];
const odd = { profile_url: "javascript:x", enabled: null };

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

beforeEach(async () => {
  store = await createFileStore(sources);
});

function sync(rows: unknown[]) {
  upstream.behaviour = servePages(rows);
  return syncSources(store.db, { upstream: upstream.origin, token, allowRemovals: true });
}

describe("the warnings of a run", () => {
  it("are kept with it, by source and key", async () => {
    const run = await sync([{ ...first, ...odd }, padSource(second, 65_537)]);
    expect(run.firstWarnings).toEqual([
      { source: first.slug, key: "profile_url", what: "unsafe_url", detail: "javascript:" },
      { source: first.slug, key: "enabled", what: "wrong_type" },
      {
        source: second.slug,
        key: "additional_scopes",
        what: "too_large",
        detail: "the source has 65537 bytes as JSON, more than 65536",
      },
    ]);
    expect(run.warnings).toBe(3);
    expect(await store.runs()).toEqual([{ id: 1, ...run }]);
  });

  it("are counted all, and kept the first ten", async () => {
    const run = await sync(sources.map((source) => ({ ...source, ...odd })));
    expect(run.warnings).toBe(24);
    expect(run.firstWarnings).toHaveLength(10);
    expect(describeWarnings({ count: run.warnings, first: run.firstWarnings }).at(-1)).toBe("and 14 warnings more");
  });

  it("name a secret once a key, however many sources have it", async () => {
    const secrets = { consumer_secret: "x", smtp: { password: "x" }, novel: [{ password: "x" }] };
    const run = await sync(sources.map((source) => ({ ...source, ...secrets })));
    expect(run.firstWarnings.map(({ key }) => key)).toEqual(["consumer_secret", "smtp.password"]);
    expect(run.warnings).toBe(2);
  });

  it("show neither the token nor a name that a terminal would obey", async () => {
    const names = { [token]: { client_secret: "x" }, "\u001b[2J": { password: "x" }, [`_${token}_password`]: "x" };
    const run = await sync([{ ...first, slug: token, ...names }, ...sources.slice(1)]);
    expect(run.firstWarnings).toMatchObject([
      { source: "…", key: "….client_secret" },
      { source: "…", key: "(odd name).password" },
      { source: "…", key: "_…_password" },
    ]);
    expect(JSON.stringify(await store.runs())).not.toMatch(new RegExp(token, "i"));
  });

  it("are none where the run fails", async () => {
    const run = await sync([
      { ...first, ...odd },
      { ...second, slug: "no slug" },
    ]);
    expect(run).toMatchObject({ outcome: "failed", warnings: 0, firstWarnings: [] });
  });
});

describe("the error of a run", () => {
  it("has 2,000 characters at most, and is text wherever it is cut", async () => {
    upstream.behaviour = servePages(sources.map((source, i) => ({ ...source, slug: `${i % 10}${"🔑".repeat(49)}` })));
    for (let length = 170; length < 174; length++) {
      const run = await syncSources(store.db, { upstream: `${upstream.origin}/${"x".repeat(length)}`, token });
      expect(run.error).toHaveLength(2_000);
      expect(run.error?.isWellFormed()).toBe(true);
      expect(run.error).toMatch(/^row 10 .*[🔑\ufffd]$/mu);
      expect((await store.runs()).at(-1)).toMatchObject({ error: run.error });
    }
  });
});

describe("npm run sync", () => {
  const runSync = (...args: string[]) =>
    runTool("sync", args, { LIBSQL_URL: store.url, AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: token });

  const lines = [
    "warning: source-00000: profile_url: has an address that a browser would run: javascript:",
    "warning: source-00000: enabled: has a value of a type that the API does not document",
  ];

  it("prints the warnings, with --dry-run too, and --status those of the last good run", async () => {
    upstream.behaviour = servePages([{ ...first, ...odd }, ...sources.slice(1)]);
    const tried = await runSync("--dry-run");
    expect(tried).toMatchObject({ code: 0, stderr: `${lines.join("\n")}\nA dry run: nothing was written.\n` });
    const done = await runSync();
    expect(done).toMatchObject({ code: 0, stdout: "added 0, changed 1, removed 0, unchanged 11\n" });
    expect(done.stderr.split("\n").slice(0, 2)).toEqual(lines);
    const status = (await runSync("--status")).stdout.trimEnd().split("\n");
    expect(status[0]).toMatch(/ {2}added 0, changed 1, removed 0, unchanged 11, warnings 2$/);
    expect(status.slice(-3)).toEqual([
      ...lines,
      "Icons: 12 in the store, 0 could not be had when they were last asked for.",
    ]);
  });
});

describe("npm run db:import", () => {
  const file = join(temporaryFolder(), "list.json");
  const runImport = (...args: string[]) => runTool("import", [...args, file], { LIBSQL_URL: store.url });

  beforeEach(() => writeFileSync(file, JSON.stringify([{ ...first, ...odd }, padSource(second, 65_537)])));

  it("takes a file with odd values, and prints the warnings", async () => {
    const { code, stdout, stderr } = await runImport();
    expect({ code, stdout }).toEqual({ code: 0, stdout: "added 0, changed 1, removed 10, unchanged 1\n" });
    expect(stderr).toContain(
      "warning: source-00000: profile_url: has an address that a browser would run: javascript:\n",
    );
    expect(stderr).toContain("warning: source-00001: additional_scopes: is too large: the source has 65537 bytes");
    expect(await store.slugs()).toEqual([first.slug, second.slug]);
  });

  it.each([[[]], [["--sql"]]])("refuses it with --strict, and names the problems: %j", async (options) => {
    const before = await store.snapshot();
    expect(await runImport("--strict", ...options)).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'import: row 1 (slug "source-00000"): profile_url: has an address that a browser would run: javascript:\n' +
        'row 1 (slug "source-00000"): enabled: has a value of a type that the API does not document\n' +
        'row 2 (slug "source-00001"): additional_scopes: is too large: the source has 65537 bytes as JSON, more than 65536\n',
    });
    expect(await store.snapshot()).toEqual(before);
  });

  it("takes a file without odd values with --strict", async () => {
    writeFileSync(file, JSON.stringify(sources));
    expect(await runImport("--strict")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("warning") });
  });
});
