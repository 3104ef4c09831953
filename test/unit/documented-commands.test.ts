import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { runTool } from "../support/run.ts";

const examples = readdirSync("examples");
const documents = [
  ...["README.md", "CONTRIBUTING.md"],
  ...["try", "configuration", "embedding", "operations"].map((page) => `docs/${page}.md`),
  ...examples.map((name) => `examples/${name}/README.md`),
];
const text = documents.map((name) => readFileSync(name, "utf8")).join("\n");

const scripts: Record<string, string> = manifest.scripts;
const scriptsOfExamples = examples.flatMap((name) =>
  Object.keys(JSON.parse(readFileSync(`examples/${name}/package.json`, "utf8")).scripts),
);

/** `npm run NAME -- ARGUMENTS`, and the same tools as the package's command. */
const npmCommands = [...text.matchAll(/npm run (?:--silent )?([\w:]+)(?: -- ([^`\n&>|]*))?/g)];
const packageCommands = [...text.matchAll(/npx authentik-sources-edge ([\w-]+)([^`\n&>|]*)/g)];

const tools = ["migrate", "import", "token", "sync", "authentik-setup", "dev-store", "setup", "deploy"];

describe("the documents' commands", () => {
  it("are scripts that there are", () => {
    expect(npmCommands.length).toBeGreaterThan(15);
    const known = [...Object.keys(scripts), ...scriptsOfExamples];
    for (const [command, name = ""] of npmCommands) expect(known, command).toContain(name);
  });

  it("are commands that the package has", () => {
    for (const [command, name] of packageCommands) {
      if (name?.startsWith("-")) continue;
      expect(tools, command).toContain(name);
    }
  });

  it.each(tools)("give %s options that its --help names", async (tool) => {
    const { code, stdout } = await runTool(tool, ["--help"]);
    expect(code).toBe(0);
    const given = [
      ...npmCommands.filter(([, name = ""]) => scripts[name] === `node tools/cli.ts ${tool}`),
      ...packageCommands.filter(([, name]) => name === tool),
    ];
    expect(given.length).toBeGreaterThan(0);
    const options = given.flatMap(([, , args = ""]) => args.match(/--[\w-]+/g) ?? []);
    for (const option of options) if (option !== "--help") expect(stdout).toMatch(new RegExp(`${option}(?![\\w-])`));
  });
});
