import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a file; none where it is gone. */
export const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** The processes below one, at whatever depth. Linux only. */
export function descendants(pid: number): number[] {
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  const children = threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).match(/\d+/g) ?? []);
  return children.map(Number).flatMap((child) => [child, ...descendants(child)]);
}

/** Not gone, and not a zombie either. */
export const isRunning = (pid: number) => /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));

/** What every user of the machine can read of a process. */
export const commandLine = (pid: number) => read(`/proc/${pid}/cmdline`);

/** The paths of all files below a folder, without the cache in which Node keeps compiled code. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("/node-compile-cache/"));
