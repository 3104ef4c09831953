import { createInterface } from "node:readline";
import { isRunning } from "./processes.ts";
import { start } from "./run.ts";

export interface DevServer {
  /** Where the Worker listens, without a slash at the end. */
  origin: string;
  /** The command that was printed for pasting. */
  curl: string;
  /** Of the command itself, whose group has the same number. */
  pid: number;
  output: () => string;
  /** The exit code, once all who could write to its output have ended. */
  ended: Promise<number | null>;
  /** Ends it as Ctrl-C does, where the whole group is told, and waits for the last of its processes. */
  stop(): Promise<void>;
}

/** Runs `npm run dev`, or another command that does, until the Worker is ready. */
export async function startDev(
  args: string[],
  variables: Record<string, string>,
  command: string[] = ["npm", "run", "dev", "--"],
): Promise<DevServer> {
  const [program = "", ...before] = command;
  const child = start(program, [...before, ...args], variables);
  const { pid = 0 } = child;
  // Where a test run ends in the middle: wrangler, in a group of its own, ends with the tool.
  const abandon = () => isRunning(pid) && process.kill(-pid, "SIGKILL");
  process.once("exit", abandon);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  void ended.then(() => process.removeListener("exit", abandon));
  let output = "";
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  const curl = await new Promise<string>((resolve, reject) => {
    if (!child.stdout) return reject(new Error("the output is not piped"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      if (line.trim().startsWith("curl ")) resolve(line.trim());
    });
    void ended.then((code) => reject(new Error(`npm run dev ended with ${code}:\n${output}`)));
  });
  const origin = /http:\/\/[^/"]+/.exec(curl)?.[0] ?? "";
  return {
    origin,
    curl,
    pid,
    output: () => output,
    ended,
    async stop() {
      if (pid) process.kill(-pid, "SIGINT");
      await ended;
    },
  };
}
