import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { runTool } from "./command.ts";

const usage = `Usage: npm run build

Bundles the Worker into dist/worker as a deployment would, and fails where it is larger than README.md promises.`;

const limitKiB = 75;
const folder = "dist/worker";

await runTool("build", usage, async () => {
  execFileSync("wrangler", ["deploy", "--dry-run", "--minify", "--outdir", folder], { stdio: "inherit" });
  const bytes = readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
  const size = `${(bytes / 1024).toFixed(1)} KiB gzip`;
  if (bytes > limitKiB * 1024)
    throw new Error(`the Worker is ${size}, more than the ${limitKiB} KiB that README.md promises`);
  console.log(`The Worker is ${size}, of ${limitKiB} KiB at most.`);
});
