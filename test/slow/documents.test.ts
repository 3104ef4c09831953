import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { packageCommands } from "../../tools/commands.ts";
import { blocksOf, codeOf, rowsOf } from "../support/markdown.ts";
import { runIn } from "../support/packed.ts";
import { run, runTool, temporaryFolder } from "../support/run.ts";
import { typeCheck } from "../support/type-check.ts";

const trying = "docs/try.md";
const embedding = "docs/embedding.md";
const operations = "docs/operations.md";
// The block that reads with a token of authentik's needs an authentik.
const isLocal = (block: string) => !block.includes("authentik.example");
const [rotation = "", backup = ""] = blocksOf(operations, "sh").filter(isLocal);

/** A module that compiles where the two types of each pair are the same. */
const sameTypes = (pairs: string[][], imports: string) => `${imports}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T | undefined => undefined;
${pairs.map(([a, b]) => `isTrue<Same<${a}, ${b}>>();`).join("\n")}
`;

/** The tables of options, each under the head of its first column. */
const optionTables = { "SourcesAppOptions<E>": "name", Freshness: "`Freshness`", Principal: "`Principal`" };

/** Each option of the documentation is one of the code, has its very type, and none is missing. */
function optionsModule(): string {
  const pairs = Object.entries(optionTables).flatMap(([type, first]) => {
    const options = rowsOf(embedding, "The options of `createSourcesApp`", first);
    expect(options.length).toBeGreaterThan(1);
    const names = options.map(([name]) => JSON.stringify(codeOf(name)));
    const typed = options.map(([name, cell]) => [
      `Exclude<${type}["${codeOf(name)}"], undefined>`,
      `Exclude<${codeOf(cell)}, undefined>`,
    ]);
    return [[`keyof ${type}`, names.join(" | ")], ...typed];
  });
  const imports = `import type { Principal, SourcesAppOptions } from "authentik-sources-edge";
import type { Context } from "hono";
interface E { Bindings: { DB: D1Database } }
type Options = SourcesAppOptions<E>;
type Database = ReturnType<Options["database"]>;
type Freshness = NonNullable<Options["freshness"]>;
type RateLimiter = NonNullable<NonNullable<Options["limits"]>["token"]>;`;
  return sameTypes(pairs, imports);
}

/** Names every type that the documentation says is exported. */
function exportsModule(): string {
  const types = rowsOf(embedding, "Everything that is exported").filter(([, kind]) => kind === "type");
  expect(types.length).toBeGreaterThan(5);
  const isOfClient = (name: string) => name.includes("SourcesClient");
  return types
    .map(([name]) => codeOf(name))
    .map((name) => `export type { ${name} } from "authentik-sources-edge${isOfClient(name) ? "/client" : ""}";`)
    .join("\n");
}

describe("README.md, docs/try.md and docs/embedding.md", () => {
  it("have snippets that compile, options with the types of the code, and types that are exported", async () => {
    const snippets = ["README.md", trying, embedding].flatMap((path) => blocksOf(path, "ts"));
    expect(snippets.length).toBeGreaterThan(7);
    const modules = Object.fromEntries(snippets.map((code, i) => [`snippet-${i + 1}`, code]));
    expect(await typeCheck({ ...modules, options: optionsModule(), exports: exportsModule() })).toBe("");
  });

  it("name the commands of the package, and what each is for", () => {
    const listed = Object.entries(packageCommands).map(([name, { purpose }]) => [name, purpose]);
    expect(rowsOf(embedding, "On your machine").map(([name, ...others]) => [codeOf(name), ...others])).toEqual(listed);
  });

  it("write into files that git ignores", async () => {
    const text = ["README.md", trying, embedding, operations].map((path) => readFileSync(path, "utf8")).join("\n");
    const written = [...text.matchAll(/>>? ([\w./-]+\.(?:json|sql))$/gm)].map(([, path = ""]) => path);
    expect(new Set(written)).toEqual(new Set(["sources.json", "sources.sql"]));
    const { stdout } = await run("git", ["check-ignore", ...written]);
    expect(stdout.trim().split("\n")).toEqual(written);
  });
});

describe("docs/operations.md", () => {
  it("names commands and options that wrangler has", async () => {
    const commands = [...readFileSync(operations, "utf8").matchAll(/npx wrangler ([^`\n]*)/g)].map(
      ([, command = ""]) => {
        const form = /^(d1 (?:time-travel|migrations) \w+|(?:d1|secret|deployments) \w+|\w+)/;
        return { command, name: form.exec(command)?.[0] ?? "" };
      },
    );
    const names = [...new Set(commands.map(({ name }) => name))];
    expect(names.length).toBeGreaterThan(5);
    const helps = new Map<string, string>();
    for (const name of names) helps.set(name, (await run("wrangler", [...name.split(" "), "--help"])).stdout);
    for (const { command, name } of commands) {
      const help = helps.get(name);
      expect(help, command).toContain(`wrangler ${name}`);
      for (const option of command.match(/--[\w-]+/g) ?? [])
        expect(help, command).toMatch(new RegExp(`${option}(?![\\w-])`));
    }
  });

  it("rotates a token by its commands, in a store that is migrated twice", async () => {
    const variables = { LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}` };
    for (let time = 1; time <= 2; time++) expect((await runTool("migrate", [], variables)).code).toBe(0);
    const { code, stdout, stderr } = await run("sh", ["-ec", rotation], variables);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/ase_\w{36}\n[\s\S]*^1 .* status page$[\s\S]*^token 1 is revoked$/m);
  });

  it("backs D1 up and restores it by its commands, at --local", async () => {
    const folder = temporaryFolder();
    const config = readFileSync("wrangler.toml", "utf8");
    writeFileSync(join(folder, "wrangler.toml"), config.replace('"drizzle"', JSON.stringify(resolve("drizzle"))));
    writeFileSync(join(folder, "sample.sql"), (await runTool("dev-store", ["--sql"])).stdout);
    const inFolder = async (commands: string, options = "") => {
      const local = commands.replaceAll("npx ", "").replaceAll("--remote", `--local${options}`);
      const path = `${resolve("node_modules/.bin")}:${process.env.PATH}`;
      const done = await runIn(folder, `set -e\n${local}`, { PATH: path, CI: "true" });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      return done.stdout;
    };
    await inFolder("wrangler d1 migrations apply DB --remote");
    await inFolder("wrangler d1 execute DB --remote --file sample.sql");
    const [save = "", restore = ""] = backup.trim().split("\n");
    await inFolder(save);
    await inFolder(restore, " --persist-to restored");
    const columns = ["oauth_sources", "api_tokens"].map((table) => `(SELECT count(*) FROM ${table})`);
    const query = `SELECT ${columns.join(" || ' ' || ")} AS found`;
    const found = await inFolder(
      `wrangler d1 execute DB --remote --json --command "${query}"`,
      " --persist-to restored",
    );
    expect(JSON.parse(found)[0].results).toEqual([{ found: "12 1" }]);
  });
});
