import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { run, runTool } from "../support/run.ts";

const examples = readdirSync("examples");
const documents = ["README.md", ...examples.map((name) => `examples/${name}/README.md`)];
const text = documents.map((name) => readFileSync(name, "utf8")).join("\n");

/** `npm run NAME -- ARGUMENTS`, wherever a document says it. */
const commands = [...text.matchAll(/npm run (?:--silent )?([\w:]+)(?: -- ([^`\n&>|]*))?/g)];

const scripts: Record<string, string> = manifest.scripts;
const scriptsOfExamples = examples.flatMap((name) =>
  Object.keys(JSON.parse(readFileSync(`examples/${name}/package.json`, "utf8")).scripts),
);

describe("the commands of README.md and the examples", () => {
  it("are scripts", () => {
    expect(commands.length).toBeGreaterThan(15);
    const known = [...Object.keys(scripts), ...scriptsOfExamples];
    for (const [command, name = ""] of commands) expect(known, command).toContain(name);
  });

  it.each(["import", "token", "sync"])("give options to tools/%s.ts that its --help knows", async (tool) => {
    const { code, stdout } = await runTool(tool, ["--help"]);
    expect(code).toBe(0);
    const used = commands.filter(([, name = ""]) => scripts[name] === `node tools/${tool}.ts`);
    const options = used.flatMap(([, , given = ""]) => given.match(/--[\w-]+/g) ?? []);
    expect(options.length).toBeGreaterThan(0);
    for (const option of options) expect(stdout).toContain(option);
  });
});

it("the files that the commands write into the repository are ignored by git", async () => {
  const written = [...text.matchAll(/>>? ([\w./-]+\.(?:json|sql))$/gm)].map(([, path = ""]) => path);
  expect(new Set(written)).toEqual(new Set(["sources.json", "examples/host-d1/sources.sql"]));
  const { stdout } = await run("git", ["check-ignore", "sources.sql", ...written]);
  expect(stdout.trim().split("\n")).toEqual(["sources.sql", ...written]);
});
