import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { SourcesPage } from "../../src/sources/source.ts";

type Variables = Record<string, string>;

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), "test-"));

export const fixturePath = (name: string) =>
  fileURLToPath(new URL(`../conformance/fixtures/${name}.json`, import.meta.url).href);

export const readFixture = (name: string): SourcesPage => JSON.parse(readFileSync(fixturePath(name), "utf8"));

/** Starts a command as a person would type it, with the given variables besides this process's own. */
export function start(command: string, args: string[], variables: Variables = {}): ChildProcess {
  return spawn(command, args, {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

/** What becomes of a child in the end. */
export async function outcomeOf(child: ChildProcess) {
  if (!child.stdout || !child.stderr) throw new Error("the output is not piped");
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Runs a command to its end. */
export const run = (command: string, args: string[], variables: Variables = {}) =>
  outcomeOf(start(command, args, variables));

/** Runs a tool as its npm script does, without the second that npm takes. */
export const runTool = (name: string, args: string[], variables: Variables = {}) =>
  run(process.execPath, [`tools/${name}.ts`, ...args], variables);

/** Starts a tool as its npm script does, without the second that npm takes. */
export const spawnTool = (name: string, args: string[], variables: Variables = {}) =>
  start(process.execPath, [`tools/${name}.ts`, ...args], variables);
