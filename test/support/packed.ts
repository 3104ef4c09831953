import { existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { run } from "./run.ts";

/**
 * The package, packed as it would be published into the run's temporary folder, once for all files of tests. Whoever comes
 * second waits, since packing builds dist/.
 * @returns the path of the file
 */
export async function packedPackage(): Promise<string> {
  const folder = join(tmpdir(), "packed");
  const name = `authentik-sources-edge-${manifest.version}.tgz`;
  const tarball = join(folder, name);
  if (!mayPack(folder)) {
    await vi.waitFor(() => expect(existsSync(tarball), "another file of tests has packed").toBe(true), 240_000);
    return tarball;
  }
  const unfinished = join(folder, "unfinished");
  mkdirSync(unfinished);
  // Packing builds first; scripts that pack take the one line of stdout for the name of the file.
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", unfinished]);
  expect(packed).toMatchObject({ code: 0, stdout: `${name}\n` });
  renameSync(join(unfinished, name), tarball);
  return tarball;
}

/** True for the first to ask: a folder is made once. */
function mayPack(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
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
