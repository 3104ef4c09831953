import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The kernel's unit of a process's time, in milliseconds. */
const tickMs = 10;

const hasTaskset = (() => {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Ties a process, with all its threads, to one core; says so and goes on where the system cannot. */
export function pin(pid: number, core: number): void {
  if (hasTaskset) execFileSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
  else console.error(`taskset is not installed: process ${pid} is not tied to core ${core}`);
}

/** Runs when the bench ends, however it ends, and at once on Ctrl-C. */
export const atEnd = (work: () => void) => process.once("exit", work);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Starts one of the bench's own programs, and waits for its first line. */
export async function start(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url).href), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  if (child.pid === undefined) throw new Error(`${script} has no process`);
  atEnd(() => child.kill("SIGKILL"));
  return { pid: child.pid, line, kill: (signal?: NodeJS.Signals) => child.kill(signal) };
}

const stat = (pid: number | string) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];

/** The processor time that a process has used, in milliseconds. */
export function processorMs(pid: number): number {
  const fields = stat(pid);
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** The first child of a process: of Miniflare's, the runtime. */
export const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);

export const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
