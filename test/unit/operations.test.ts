import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { defaultFreshness, defaultTokenGraceSeconds } from "../../src/options.ts";
import { blocksOf, codeOf, rowsOf } from "../support/markdown.ts";
import { runIn } from "../support/packed.ts";
import { run, runTool, temporaryFolder } from "../support/run.ts";

const path = "docs/operations.md";
const text = readFileSync(path, "utf8");
const [rotation = "", rotationOfD1 = "", backup = ""] = blocksOf(path, "sh");

const units: Record<string, number> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, s: 1, levels: 1 };

/** A number of the documentation: "64 KiB", "1,000". */
function numberOf(cell = ""): number {
  const [, digits = "", unit = ""] = /^([\d,.]+) ?(\w*)$/.exec(cell) ?? [];
  return Number(digits.replaceAll(",", "")) * (units[unit] ?? Number.NaN);
}

/** A constant or property as it stands in the code, which may be a product; times are given in seconds. */
function constantIn(file: string, name: string): number {
  const [, product = ""] =
    new RegExp(`\\b${name}(?: =|:) ([\\d_]+(?: \\* [\\d_]+)*)[,; ]`).exec(readFileSync(file, "utf8")) ?? [];
  const value = product.split("*").reduce((sum, factor) => sum * Number(factor.replaceAll("_", "")), 1);
  return product === "" ? Number.NaN : value / (name.endsWith("Ms") ? 1000 : 1);
}

/** The rows of a table whose cells begin with these words. */
const rowOf = (heading: string, start: string) =>
  rowsOf(path, heading).find(([first]) => first?.startsWith(start)) ?? [];

describe("docs/operations.md", () => {
  it("has the limits of the code", () => {
    const limits = rowsOf(path, "Limits");
    expect(limits.length).toBeGreaterThan(20);
    for (const [what, most, where = ""] of limits) {
      const [, name = "", file = ""] = /^`(\w+)`, (src\/\S+\.ts)$/.exec(where) ?? [];
      expect(numberOf(most), what).toBe(constantIn(file, name));
    }
  });

  it("has the times of the code in its outages, each held by a test", () => {
    const heading = "What happens in an outage";
    for (const [what, , , test] of rowsOf(path, heading)) expect(existsSync(codeOf(test)), what).toBe(true);
    const { fresh, staleWhileRevalidate, staleIfError } = defaultFreshness;
    expect(rowOf(heading, "the store is down, and the page is in the cache")[2]).toBe(`${staleIfError / 3600} h`);
    expect(rowOf(heading, "the store is down, and the token was good")[2]).toBe(`${defaultTokenGraceSeconds / 3600} h`);
    expect(rowOf(heading, "the store answers again")[1]).toContain(`at most ${fresh + staleWhileRevalidate} s`);
    const budget = constantIn("src/db/fetch.ts", "budgetMs");
    expect(rowOf(heading, "the store is down, and the page is in no")[1]).toContain(`after ${budget} s at most`);
  });

  it("has the words of the code for each 503 and its reason", () => {
    const code = [
      "src/http/errors.ts",
      "src/readiness.ts",
      "src/db/libsql.ts",
      "src/db/database.ts",
      "src/cache/workers-cache.ts",
    ]
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const heading = "What each 503 means";
    for (const [, body] of rowsOf(path, heading, "where")) {
      const { detail, status } = JSON.parse(codeOf(body));
      expect(code).toContain(`"${detail ?? status}"`);
    }
    for (const [words] of rowsOf(path, heading, "the log says")) expect(code).toContain(codeOf(words));
    expect(text).toContain("Sources answered without Cf-Cache-Status");
    expect(code).toContain("Sources answered without Cf-Cache-Status");
  });

  it("names every field of a line of the log", () => {
    const [, line = ""] = /interface Line \{([\s\S]*?)\n\}/.exec(readFileSync("src/http/log.ts", "utf8")) ?? [];
    const fields = [...line.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
    expect(rowsOf(path, "Read the log").map(([name]) => codeOf(name))).toEqual(fields);
  });

  it("names every outcome and detail of Cache-Status", () => {
    const [, table = ""] = /const outcomes[^=]*= \{([\s\S]*?)\n\};/.exec(readFileSync("src/reply.ts", "utf8")) ?? [];
    const values = [...table.matchAll(/\[([^\]]*)\]/g)].map(([, value = ""]) => value).join();
    const words = new Set([...values.matchAll(/"([^"]+)"/g)].flatMap(([, quoted = ""]) => quoted.split("; ")));
    const section = text.slice(text.indexOf("# Read the headers"), text.indexOf("# Upgrade"));
    for (const word of words) expect(section).toContain(word);
    expect(words.size).toBeGreaterThan(6);
  });

  it("names scripts that there are, and commands and options that wrangler has", async () => {
    const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    for (const name of scripts) expect(Object.keys(manifest.scripts)).toContain(name);
    const helps = new Map<string, string>();
    for (const [line, command = ""] of text.matchAll(/npx wrangler ([^`\n]*)/g)) {
      const [, name = ""] =
        /^(d1 (?:time-travel|migrations) \w+|(?:d1|secret|deployments) \w+|\w+)/.exec(command) ?? [];
      const help = helps.get(name) ?? (await run("wrangler", [...name.split(" "), "--help"])).stdout;
      helps.set(name, help);
      expect(help, line).toContain(`wrangler ${name}`);
      for (const option of command.match(/--[\w-]+/g) ?? [])
        expect(help, line).toMatch(new RegExp(`${option}(?![\\w-])`));
    }
    expect(helps.size).toBeGreaterThan(5);
  });

  it("rotates a token by its commands, in a store that is migrated twice", async () => {
    const variables = { LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}` };
    for (let time = 1; time <= 2; time++) expect((await runTool("migrate", [], variables)).code).toBe(0);
    const { code, stdout, stderr } = await run("sh", ["-ec", rotation], variables);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/ase_\w{36}\n[\s\S]*^1 .* status page$[\s\S]*^token 1 is revoked$/m);
  });

  it("rotates a token in D1, backs the database up and restores it by its commands, at --local", async () => {
    const folder = temporaryFolder();
    const config = JSON.parse(readFileSync("wrangler.d1.jsonc", "utf8"));
    config.d1_databases[0].migrations_dir = resolve("drizzle");
    writeFileSync(join(folder, "wrangler.d1.jsonc"), JSON.stringify(config));
    writeFileSync(join(folder, "sample.sql"), (await runTool("dev-store", ["--sql"])).stdout);
    const token = `${process.execPath} ${resolve("tools/cli.ts")} token`;
    const inFolder = async (commands: string, options = "") => {
      const local = commands
        .replaceAll("npx ", "")
        .replaceAll("npm run --silent token --", token)
        .replaceAll("--remote", `--local${options}`);
      const path = `${resolve("node_modules/.bin")}:${process.env.PATH}`;
      const done = await runIn(folder, `set -e\n${local}`, { PATH: path, CI: "true" });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      return done.stdout;
    };
    await inFolder("wrangler d1 migrations apply DB --remote -c wrangler.d1.jsonc");
    await inFolder("wrangler d1 execute DB --remote -c wrangler.d1.jsonc --file sample.sql");
    expect(await inFolder(rotationOfD1)).toContain("status page");
    const [save = "", restore = ""] = backup.trim().split("\n");
    await inFolder(save);
    await inFolder(restore, " --persist-to restored");
    const columns = ["oauth_sources", "api_tokens", "api_tokens WHERE revoked_at IS NOT NULL"].map(
      (table) => `(SELECT count(*) FROM ${table})`,
    );
    const query = `SELECT ${columns.join(" || ' ' || ")} AS found`;
    const found = await inFolder(
      `wrangler d1 execute DB --remote -c wrangler.d1.jsonc --json --command "${query}"`,
      " --persist-to restored",
    );
    expect(JSON.parse(found)[0].results).toEqual([{ found: "12 2 1" }]);
  });
});
