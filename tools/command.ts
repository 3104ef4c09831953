import { parseArgs } from "node:util";
import { printable } from "../src/printable.ts";
import { commandLine } from "./invocation.ts";

/** A fault of the person's words or of their input: shown without a stack. */
export class UsageError extends Error {}

const usageExitCode = 2;

/**
 * Runs a tool: `--help` prints its usage, errors go to stderr in one line, and the exit code says how it went
 * (0 done, 1 failed, 2 wrong usage).
 */
export async function runTool(name: string, usage: string, main: (args: string[]) => Promise<void>): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    return;
  }
  try {
    await main(args);
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    console.error(`${name}: ${printable(messageOf(error))}`);
    if (isUsage) console.error(`\n${usage}`);
    process.exitCode = isUsage ? usageExitCode : 1;
  }
}

/** For tools that take none: what stands there would otherwise be passed over. */
export function refuseArguments(args: string[]): void {
  parseArgs({ args, options: {} });
}

const isParseArgsError = (error: unknown) =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

/** The innermost cause: Drizzle's own message is the whole statement with its values. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return messageOf(error.cause);
  // What src says names the scripts of this repository.
  const message = error.message.replace("npm run db:migrate", commandLine("migrate"));
  if (/no such (table|column)/.test(message)) return `${message}; run \`${commandLine("migrate")}\` first`;
  return message;
}
