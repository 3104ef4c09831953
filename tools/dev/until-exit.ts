import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Waits for a child, and hands on to it what this process is told from now on, to its end: npm tells the same again. A terminal
 * tells the child itself as well, which does no harm; whoever tells this process alone means both.
 * @returns the child's exit code, or the signal that ended it
 */
export async function untilExit(
  child: ChildProcess,
  handOn: (signal: NodeJS.Signals) => unknown = (signal) => child.kill(signal),
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handOn);
  const [code, signal] = await once(child, "exit");
  return { code, signal };
}
