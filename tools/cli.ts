#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { runTool } from "./command.ts";
import { packageCommands, repositoryCommands } from "./commands.ts";
import { isPackage } from "./invocation.ts";
import { readText } from "./read-text.ts";

// The one program that runs the tools: the package's own command, and what this repository's scripts run.
const commands = isPackage ? packageCommands : { ...packageCommands, ...repositoryCommands };

const program = isPackage ? "npx authentik-sources-edge" : "node tools/cli.ts";

const usage = `Usage: ${program} COMMAND [OPTIONS]

${Object.entries(commands)
  .map(([name, { purpose }]) => `  ${name.padEnd(15)} ${purpose}`)
  .join("\n")}

The store is that of LIBSQL_URL and LIBSQL_AUTH_TOKEN, in the environment or in .dev.vars; by default the file .data/sources.db.
COMMAND --help says more of each.`;

/** What package.json promises, such as ">=22.12". */
function isTooOld(version: string, engine: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = engine.replace(">=", "").split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** Those of the file that wrangler reads as well; what is in the environment already goes before it. */
function readVariables(): NodeJS.ProcessEnv {
  if (!existsSync(".dev.vars")) return process.env;
  return { ...parseEnv(readText(".dev.vars")), ...process.env };
}

async function run(name: string | undefined, args: string[]): Promise<number> {
  if (name === "--help" || name === "-h") {
    console.log(usage);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(
      `authentik-sources-edge: ${name ? `there is no command "${name}"` : "name a command"}\nSee ${program} --help`,
    );
    return 2;
  }
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (isTooOld(process.versions.node, engines.node)) {
    console.error(`authentik-sources-edge needs Node ${engines.node}, and this is ${process.versions.node}`);
    return 1;
  }
  const { tool } = await command.load();
  let env: NodeJS.ProcessEnv;
  try {
    env = readVariables();
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
  return runTool(tool, args, { env, stdout: process.stdout, stderr: process.stderr, stdin: process.stdin });
}

const [name, ...args] = process.argv.slice(2);
process.exitCode = await run(name, args);
