import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Io, Tool } from "./command.ts";
import { repositoryCommands } from "./commands.ts";

const about = `Makes the package and its command in dist/, bundles the Worker as a deployment would, and fails where that is
larger than docs/performance.md promises.`;

const limitKiB = 79;
/** Beside the package, which is not to hold it. */
const bundle = ".wrangler/bundle";

function gzippedKiB(folder: string): number {
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  return scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0) / 1024;
}

async function main(_: string[], { env, say }: Io) {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  rmSync("dist", { recursive: true, force: true });
  run("tsc", "-p", "tsconfig.build.json");
  // Node strips no types below node_modules: the package's command is bundled, and what it imports of others stays outside.
  run(
    "esbuild",
    "tools/cli.ts",
    "--bundle",
    "--platform=node",
    "--format=esm",
    "--packages=external",
    ...Object.keys(repositoryCommands).map((name) => `--external:./tools/${name}.ts`),
    "--outfile=dist/cli.js",
  );
  run("wrangler", "deploy", "--dry-run", "--minify", "--outdir", bundle);
  const size = gzippedKiB(bundle);
  // Not to stdout: with `npm pack --silent` the name of the package's file stands there, alone.
  say(`The Worker is ${size.toFixed(1)} KiB gzip, of ${limitKiB} KiB at most.`);
  if (size > limitKiB) throw new Error("the Worker is larger than README.md promises");
  copyFileSync("public/openapi.json", "dist/openapi.json");
}

export const tool: Tool = { name: "build", about, main };
