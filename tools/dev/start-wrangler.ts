import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Io } from "../command.ts";
import { passOn, showsColours } from "./pass-on.ts";

const quiet = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
};

export interface WranglerOptions {
  /** Those of `wrangler dev`. */
  args: string[];
  /** The environment of wrangler, by which the Worker gets its variables: see inside-wrangler.ts. */
  env: NodeJS.ProcessEnv;
  /** Told once, where the Worker answers. */
  onReady: (origin: string) => void;
}

/** Starts `wrangler dev` as a child that ends with this process, and passes on what matters of its output. */
export function startWrangler({ args, env, onReady }: WranglerOptions, { stdout, stderr }: Io): ChildProcess {
  const script = createRequire(import.meta.url).resolve("wrangler");
  const preload = new URL("inside-wrangler.ts", import.meta.url).href;
  const colours = showsColours(stdout) && { FORCE_COLOR: "1" };
  const wrangler = spawn(process.execPath, ["--no-warnings", "--import", preload, script, "dev", ...args], {
    env: { ...quiet, ...colours, ...env },
    detached: true,
  });
  // It ends its runtimes itself, unless it is killed: they would go on, and busily. So it leads a group of its own.
  wrangler.once("exit", () => killGroup(wrangler.pid));
  passOn(wrangler.stdout, stdout, (line) => {
    const [, origin] = /^\[wrangler:info\] Ready on (https?:\/\/\S+)$/.exec(line) ?? [];
    if (origin) onReady(origin.replace(/\/\/(0\.0\.0\.0|\[::\]|\*):/, "//localhost:"));
  });
  passOn(wrangler.stderr, stderr);
  return wrangler;
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody of it is left.
  }
}
