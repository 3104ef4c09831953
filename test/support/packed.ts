import { join } from "node:path";
import { expect } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { run } from "./run.ts";

/** Packs the package into a folder, as it would be published. @returns the path of the file */
export async function packInto(folder: string): Promise<string> {
  // Packing builds first; scripts that pack take the one line of stdout for the name of the file.
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", folder]);
  expect(packed).toMatchObject({ code: 0, stdout: `authentik-sources-edge-${manifest.version}.tgz\n` });
  return join(folder, packed.stdout.trim());
}

/** Installs what the manifest in a folder says. */
export async function installIn(folder: string, ...packages: string[]): Promise<void> {
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--prefer-offline", ...packages];
  const installed = await run("npm", args);
  expect(installed.code, installed.stderr).toBe(0);
}

/** Runs a command line in a folder. */
export const runIn = (folder: string, command: string, variables: Record<string, string> = {}) =>
  run("sh", ["-c", `cd "$0" && ${command}`, folder], variables);
