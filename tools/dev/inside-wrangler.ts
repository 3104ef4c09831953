import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { variableNames } from "../../src/settings.ts";

// Loaded into wrangler's process before wrangler itself (`node --import`). It completes the command line from within, where
// other users of the machine cannot read it: so secrets need no file, and no rules of quoting change them.

/** The Worker's cache: of this run only, since the next one may be over another store. */
const state = mkdtempSync(join(tmpdir(), "authentik-sources-edge-"));
process.once("exit", () => rmSync(state, { recursive: true, force: true, maxRetries: 5 }));

const variables = variableNames.flatMap((name) => (process.env[name] ? [`--var=${name}:${process.env[name]}`] : []));

/** The pages of this run, which know the development token. A configuration of somebody else's has its own. */
const assets = join(state, "pages");
const isOurs = !process.argv.some((arg) => /^(-c|--config)\b/.test(arg));
if (process.env.DEV_ASSETS_TOKEN && isOurs) {
  mkdirSync(assets);
  // For the command that wrangler runs before it bundles, which fills it.
  process.env.DEV_ASSETS = assets;
}

const defaults = Object.entries({
  ...(process.env.DEV_ASSETS && { "--assets": assets }),
  // The tools have read .dev.vars, and what it says is in the environment.
  "--env-file": devNull,
  // Two at once would collide on the usual one.
  "--inspector-port": "0",
  "--persist-to": state,
  // wrangler has no terminal to take keys from. It stands last, since what follows --var or --env-file belongs to it.
  "--show-interactive-dev-session": "false",
}).filter(([name]) => !process.argv.some((arg) => arg === name || arg.startsWith(`${name}=`)));

const [node = "", script = "", command = "", ...args] = process.argv;
process.argv = [node, script, command, ...variables, ...defaults.map(([name, value]) => `${name}=${value}`), ...args];

// The tool holds the other end of this pipe, and never writes: it closes when the tool ends, however that happens. It is
// nothing to stay alive for.
process.stdin.on("end", () => process.exit()).resume();
process.stdin.unref();
