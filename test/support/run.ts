import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { SourcesPage } from "../../src/source/source.ts";
import { runTool as runIn, type Surroundings, type Tool } from "../../tools/command.ts";
import { packageCommands, repositoryCommands } from "../../tools/commands.ts";

type Variables = Record<string, string>;

type ToolOptions = Partial<Omit<Surroundings, "stdout" | "stderr">>;

export { temporaryFolder } from "./temporary-folder.ts";

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

/** Keeps what is written to it. */
function capture() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

const commands = { ...packageCommands, ...repositoryCommands };

/** Runs a tool in this process, with nothing around it but what is given. It does not wait before it tries again. */
export async function runInside(tool: Tool, args: string[], around: ToolOptions = {}) {
  const [stdout, stderr] = [capture(), capture()];
  const streams = { stdout: stdout.stream, stderr: stderr.stream };
  const code = await runIn(tool, args, { env: {}, ...streams, wait: async () => {}, ...around });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** Runs one of the tools in this process, with the given variables besides this process's own. */
export async function runTool(name: string, args: string[], variables: Variables = {}, options: ToolOptions = {}) {
  const command = commands[name];
  if (!command) throw new Error(`there is no tool ${name}`);
  const { tool } = await command.load();
  return runInside(tool, args, { env: { ...process.env, ...variables }, ...options });
}

/** Starts a tool as its npm script does, without the second that npm takes. */
export const spawnTool = (name: string, args: string[], variables: Variables = {}) =>
  start(process.execPath, ["tools/cli.ts", name, ...args], variables);
