import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

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

/** The runtime has a core to itself; the load, the store and the bench share the other. */
export const cores = { runtime: 0, others: 1 };

/**
 * Starts one of the bench's own programs, and waits for its first line.
 * @param script below this folder, or a file: URL
 */
export async function start(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url).href), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  if (child.pid === undefined) throw new Error(`${script} has no process`);
  atEnd(() => {
    // Not SIGKILL: what the program has started would stay behind. One that is stopped has to go on to end.
    child.kill();
    child.kill("SIGCONT");
  });
  return { pid: child.pid, line, kill: (signal?: NodeJS.Signals) => child.kill(signal) };
}

/** The processor time that the threads of a process have used, in milliseconds; the kernel keeps it in nanoseconds. */
export function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((id) =>
    Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** The first child of a process: of Miniflare's, the runtime. */
export const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);

const findPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

const given = new Set<number>();

/** A port that nobody listens on, and another one each time: the system may give one twice in a row. */
export async function freePort(): Promise<number> {
  const port = await findPort();
  if (given.has(port)) return freePort();
  given.add(port);
  return port;
}
