import { Console } from "node:console";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { innermostMessage } from "../src/base/describe-error.ts";
import { printable } from "../src/base/printable.ts";
import type { Input, Output } from "./ask.ts";
import { commandLine } from "./invocation.ts";
import { type Usage, usageOf } from "./usage.ts";

export type { Output };

/** What a tool runs in: a process, or a test in the place of one. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  stdout: Output;
  stderr: Output;
  /** Where the person types. Without it nothing is asked. */
  stdin?: Input;
  /** For one request to the store's server, in milliseconds. @default 10 s, as the Worker's writers have it */
  storeMs?: number | undefined;
  /** Lets time pass before a request is tried again. @default setTimeout */
  wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

export interface Io extends Surroundings {
  /** Writes a line of the result, to stdout: nothing in it that a terminal would act upon. */
  print: (line: string) => void;
  /** Writes a line for the person, to stderr, as well. */
  say: (line: string) => void;
}

/** Does nothing when it is loaded, and knows no other environment and no other streams than those that it is given. */
export interface Tool extends Usage {
  /** @returns the exit code, where it is another one than 0 */
  main: (args: string[], io: Io) => Promise<void> | Promise<number>;
}

/** A fault of the person's words or of their input: shown without a stack. */
export class UsageError extends Error {}

const usageExitCode = 2;

let running = 0;

/**
 * Runs a tool: `--help` prints its usage, errors go to stderr in one line, and the exit code says how it went
 * (0 done, 1 failed, 2 wrong usage).
 */
export async function runTool(tool: Tool, args: string[], around: Surroundings): Promise<number> {
  const { log, error: logError } = new Console(around.stdout, around.stderr);
  const print = (line: string) => log(printable(line));
  const say = (line: string) => logError(printable(line));
  if (args.includes("--help") || args.includes("-h")) {
    print(usageOf(tool));
    return 0;
  }
  // zod's words for what it refuses, which the Worker does without. They are the process's: other code is not to see them.
  z.config(z.locales.en());
  running++;
  try {
    const code = await tool.main(args, { ...around, print, say });
    return typeof code === "number" ? code : 0;
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    say(`${tool.name}: ${messageOf(error)}`);
    if (isUsage) say(`See ${commandLine(tool.name, "--help")}`);
    return isUsage ? usageExitCode : 1;
  } finally {
    running--;
    if (running === 0) z.config({ localeError: undefined });
  }
}

/** For tools that take none: what stands there would otherwise be passed over. */
export function refuseArguments(args: string[]): void {
  parseArgs({ args, options: {} });
}

const isParseArgsError = (error: unknown) =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

function messageOf(error: unknown): string {
  // What src says names the scripts of this repository.
  const message = innermostMessage(error).replace("npm run db:migrate", commandLine("migrate"));
  if (/no such (table|column)/.test(message)) return `${message}; run \`${commandLine("migrate")}\` first`;
  return message;
}
