import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { withoutSecrets } from "../authentik/refusal.ts";

/** What no child needs to know. */
const ownSecrets = ["AUTHENTIK_ADMIN_TOKEN", "AUTHENTIK_TOKEN", "SYNC_HOOK_SECRET", "LIBSQL_AUTH_TOKEN"];

const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_HIDE_BANNER: "true" };

export interface WranglerOptions {
  env: NodeJS.ProcessEnv;
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /** None of them is shown. */
  secrets?: Iterable<string>;
}

/** The environment of a wrangler: without the secrets that are none of its business. */
export function wranglerEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !ownSecrets.includes(name));
  return { ...quiet, ...Object.fromEntries(others) };
}

export const wranglerScript = (): string => createRequire(import.meta.url).resolve("wrangler");

/**
 * Runs this repository's wrangler to its end. It has no terminal, and asks nothing.
 * @returns what it wrote to stdout
 * @throws Error with what it said of its failure
 */
export async function runWrangler(args: string[], { env, signal, secrets = [] }: WranglerOptions): Promise<string> {
  const child = spawn(process.execPath, ["--no-warnings", wranglerScript(), ...args], {
    env: { ...wranglerEnv(env), CI: "true", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal && { signal }),
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    // An abort is told as an error, too.
    child.once("error", () => {});
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  signal?.throwIfAborted();
  if (code === 0) return stdout;
  const said = withoutSecrets(stripVTControlCharacters(`${stderr}\n${stdout}`), secrets);
  throw new Error(`\`wrangler ${args.slice(0, 3).join(" ")}\` failed: ${reasonIn(said)}`);
}

/** The error and its notes, without the advice and the place of the log that follow. */
function reasonIn(said: string): string {
  const [, error = ""] = /\[ERROR\] ([\s\S]*?)(?:\n\s*\n\s*\n|🪵|📎|If you think this is a bug|$)/.exec(said) ?? [];
  return (error || said).replace(/\s+/g, " ").trim().slice(0, 500) || "it gave no reason";
}
