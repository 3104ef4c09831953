import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { packageCommands, repositoryCommands } from "../../tools/commands.ts";
import { usageOf } from "../../tools/usage.ts";
import { outcomeOf, run, runTool, spawnTool, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();
const commands = { ...packageCommands, ...repositoryCommands };

/** One call of each tool that cannot do its work, or in which something else ends with its own code. */
const failing: { name: string; args: string[]; variables?: Record<string, string>; code: number; message: string }[] = [
  { name: "migrate", args: ["--colour"], code: 2, message: "migrate: Unknown option '--colour'" },
  { name: "import", args: [join(folder, "none.json")], code: 1, message: "import: cannot read " },
  { name: "sync", args: [], variables: { AUTHENTIK_TOKEN: "" }, code: 2, message: "sync: AUTHENTIK_" },
  {
    name: "token",
    args: ["list"],
    code: 1,
    message: "token: no such table: api_tokens; run `npm run db:migrate` first",
  },
  { name: "authentik-setup", args: [], code: 2, message: "authentik-setup: give one address" },
  { name: "dev-store", args: ["sh", "-c", "exit 7"], code: 7, message: "Store   " },
  { name: "dev", args: [], variables: { EDGE_CACHE: "no" }, code: 2, message: "dev: the configuration is wrong" },
  { name: "setup", args: [], code: 2, message: "setup: give one address" },
  {
    name: "deploy",
    args: ["--config", join(folder, "none.toml")],
    code: 1,
    message: "deploy: Could not read file",
  },
  { name: "build", args: ["all"], code: 2, message: "build: Unexpected argument 'all'" },
  { name: "openapi", args: ["all"], code: 2, message: "openapi: Unexpected argument 'all'" },
  { name: "lint-openapi", args: ["all"], code: 2, message: "lint-openapi: Unexpected argument 'all'" },
];

describe("a command of tools/cli.ts, in a process of its own,", () => {
  it("is tried below, whichever it is", () => {
    expect(failing.map(({ name }) => name)).toEqual(Object.keys(commands));
  });

  it.concurrent.each(failing)(
    "$name $args ends with $code, its reason on stderr and nothing on stdout",
    async ({ name, args, variables, code, message }) => {
      const store = { LIBSQL_URL: `file:${join(folder, `${name}.db`)}` };
      const outcome = await outcomeOf(spawnTool(name, args, { ...store, ...variables }));
      expect(outcome).toMatchObject({ code, stdout: "" });
      expect(outcome.stderr.slice(0, message.length)).toBe(message);
      expect(/\nSee npm run [\w:-]+ -- --help\n$/.test(outcome.stderr)).toBe(code === 2);
    },
  );

  it("explains itself on stdout and ends with 0", async () => {
    const { tool } = await import("../../tools/build.ts");
    const outcome = await outcomeOf(spawnTool("build", ["--help"]));
    expect(outcome).toEqual({ code: 0, stdout: `${usageOf(tool)}\n`, stderr: "" });
  });

  it.each([
    [[], "authentik-sources-edge: name a command"],
    [["toString"], 'authentik-sources-edge: there is no command "toString"'],
  ])("%j, which names none, ends with 2 and how to see the list of commands", async (args, message) => {
    const outcome = await run(process.execPath, ["tools/cli.ts", ...args]);
    expect(outcome).toEqual({ code: 2, stdout: "", stderr: `${message}\nSee node tools/cli.ts --help\n` });
  });

  it("is listed by --help with its purpose", async () => {
    const { code, stdout } = await run(process.execPath, ["tools/cli.ts", "--help"]);
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([\w-]+) +(.+)$/gm)].map(([, name, purpose]) => [name, purpose]);
    expect(listed).toEqual(Object.entries(commands).map(([name, { purpose }]) => [name, purpose]));
  });

  describe("beside a .dev.vars", () => {
    const line = `cd "$0" && "$1" "$2" authentik-setup https://authentik.example`;
    const setUpBeside = (file: string | Buffer, variables: Record<string, string> = {}) => {
      writeFileSync(join(folder, ".dev.vars"), file);
      return run("sh", ["-c", line, folder, process.execPath, resolve("tools/cli.ts")], variables);
    };
    const text = 'AUTHENTIK_ADMIN_TOKEN="two words"\n';
    const isRead = { code: 2, stderr: expect.stringContaining("AUTHENTIK_ADMIN_TOKEN holds characters") };

    it("reads it where it runs, after the environment", async () => {
      expect(await setUpBeside(text)).toMatchObject(isRead);
      const { stderr } = await setUpBeside(text, { AUTHENTIK_ADMIN_TOKEN: "" });
      expect(stderr).toContain("AUTHENTIK_ADMIN_TOKEN is not set");
    });

    it("reads it with a byte order mark, and in UTF-16", async () => {
      expect(await setUpBeside(`\ufeff${text}`)).toMatchObject(isRead);
      expect(await setUpBeside(Buffer.from(`\ufeff${text}`, "utf16le"))).toMatchObject(isRead);
    });

    it("does nothing where that is in another encoding, and names it", async () => {
      expect(await setUpBeside(Buffer.from(text, "utf16le"))).toEqual({
        code: 1,
        stdout: "",
        stderr: "authentik-setup: .dev.vars is not UTF-8 text: save it as UTF-8\n",
      });
    });
  });
});

describe("npm's scripts", () => {
  const scripts = Object.entries(manifest.scripts).flatMap(([script, line]) => {
    const [, name] = /^node tools\/cli\.ts ([\w-]+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ script, name }];
  });

  it("run each command, and the build before the package is packed", () => {
    const named = Object.fromEntries(scripts.map(({ script, name }) => [script, name]));
    expect(named).toMatchObject({ prepack: "build", build: "build" });
    expect(new Set(Object.values(named))).toEqual(new Set(Object.keys(commands)));
  });

  it.each(scripts.filter(({ script }) => script !== "prepack"))(
    "name themselves in the usage of $name: npm run $script",
    async ({ script, name }) => {
      const { code, stdout, stderr } = await runTool(name, ["--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: npm run ${script}(?![\\w:-])`));
    },
  );

  it("hand on the arguments and the exit code", async () => {
    const { code, stdout, stderr } = await run("npm", ["run", "--silent", "authentik:setup", "--", "x", "--colour"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^authentik-setup: Unknown option '--colour'/);
  });
});
