#!/usr/bin/env node
import { readFileSync } from "node:fs";

// The package's own command, for whoever has not cloned this repository. Each tool runs when it is loaded.
const commands: Record<string, { tool: () => Promise<unknown>; purpose: string }> = {
  migrate: { tool: () => import("./migrate.ts"), purpose: "applies the migrations to a store" },
  import: { tool: () => import("./import.ts"), purpose: "replaces a store's sources by those of a file" },
  sync: { tool: () => import("./sync.ts"), purpose: "makes a store equal to a live authentik" },
  token: { tool: () => import("./token.ts"), purpose: "creates, lists and revokes bearer tokens" },
  "authentik-setup": {
    tool: () => import("./authentik-setup.ts"),
    purpose: "makes in authentik the user and token that the sync needs",
  },
  "dev-store": { tool: () => import("./dev-store.ts"), purpose: "runs a command beside a store filled with a sample" },
};

const usage = `Usage: npx authentik-sources-edge COMMAND [OPTIONS]

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

async function run(name: string | undefined): Promise<number> {
  if (name === "--help" || name === "-h") {
    console.log(usage);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(`authentik-sources-edge: ${name ? `there is no command "${name}"` : "name a command"}\n\n${usage}`);
    return 2;
  }
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (isTooOld(process.versions.node, engines.node)) {
    console.error(`authentik-sources-edge needs Node ${engines.node}, and this is ${process.versions.node}`);
    return 1;
  }
  // The tool reads its own arguments, and sets the exit code.
  process.argv.splice(2, 1);
  await command.tool();
  return Number(process.exitCode ?? 0);
}

process.exitCode = await run(process.argv[2]);
