import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { packageCommands } from "../../tools/commands.ts";
import { blocksOf } from "../support/markdown.ts";
import { run, runTool } from "../support/run.ts";
import { typeCheck } from "../support/type-check.ts";

const examples = readdirSync("examples");
const documents = [
  ...["README.md", "CONTRIBUTING.md", "docs/embedding.md", "docs/operations.md"],
  ...examples.map((name) => `examples/${name}/README.md`),
];
const text = documents.map((name) => readFileSync(name, "utf8")).join("\n");

/** `npm run NAME -- ARGUMENTS`, wherever a document says it. */
const commands = [...text.matchAll(/npm run (?:--silent )?([\w:]+)(?: -- ([^`\n&>|]*))?/g)];

const scripts: Record<string, string> = manifest.scripts;
const scriptsOfExamples = examples.flatMap((name) =>
  Object.keys(JSON.parse(readFileSync(`examples/${name}/package.json`, "utf8")).scripts),
);

/** The same tools, as the package's command. */
const commandsOfPackage = [...text.matchAll(/npx authentik-sources-edge ([\w-]+)([^`\n&>|]*)/g)];

describe("the commands of README.md, of docs/ and the examples", () => {
  it("are scripts", () => {
    expect(commands.length).toBeGreaterThan(15);
    const known = [...Object.keys(scripts), ...scriptsOfExamples];
    for (const [command, name = ""] of commands) expect(known, command).toContain(name);
  });

  it.each(["migrate", "import", "token", "sync", "authentik-setup", "dev-store"])(
    "give %s options that its --help knows",
    async (tool) => {
      const { code, stdout } = await runTool(tool, ["--help"]);
      expect(code).toBe(0);
      const scripted = commands.filter(([, name = ""]) => scripts[name] === `node tools/cli.ts ${tool}`);
      const packaged = commandsOfPackage.filter(([, name]) => name === tool);
      expect(packaged.length).toBeGreaterThan(0);
      const options = [...scripted, ...packaged].flatMap(([, , given = ""]) => given.match(/--[\w-]+/g) ?? []);
      for (const option of options) if (option !== "--help") expect(stdout).toMatch(new RegExp(`${option}(?![\\w-])`));
    },
  );

  it("name only such commands of the package as there are", () => {
    for (const [line, name] of commandsOfPackage) expect(Object.keys(packageCommands), line).toContain(name);
  });
});

it("the files that the commands write into the repository are ignored by git", async () => {
  const written = [...text.matchAll(/>>? ([\w./-]+\.(?:json|sql))$/gm)].map(([, path = ""]) => path);
  expect(new Set(written)).toEqual(new Set(["sources.json", "sources.sql", "token.sql"]));
  const { stdout } = await run("git", ["check-ignore", ...written]);
  expect(stdout.trim().split("\n")).toEqual(written);
});

it("the snippets of README.md compile", async () => {
  const snippets = blocksOf("README.md", "ts");
  expect(snippets.length).toBe(2);
  expect(await typeCheck(Object.fromEntries(snippets.map((code, i) => [`readme-${i + 1}`, code])))).toBe("");
});

it("the one that embeds is the first of docs/embedding.md", () => {
  expect(blocksOf("README.md", "ts")[1]).toBe(blocksOf("docs/embedding.md", "ts")[0]);
});
