import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Output } from "../command.ts";
import { requestLine } from "./request-line.ts";

/** What wrangler says while all is well. Whatever else it says is passed on, errors and what the Worker writes among it. */
const noise = [
  /^Using secrets defined in /,
  /^Your Worker has access to the following bindings:$/,
  /^Binding +Resource +Mode$/,
  /^env\.\w+ .+ (local|remote)$/,
  /^\[custom build\] (Running: .*)?$/,
  /^⎔ (Starting|Reloading|Shutting down) local server\.\.\.$/,
  // Its own line for every request among them, beside the Worker's.
  /^\[wrangler:info\] /,
  /^▲ \[WARNING\] Scheduled Workers are not automatically triggered/,
  /^ +To manually trigger a scheduled event, run:$/,
  /^ +curl "\S+\/cdn-cgi\/local\/scheduled"$/,
  /^ +For more details, see \S+#test-cron-triggers-locally$/,
];

export const showsColours = (output: Output): boolean => output.isTTY === true && output.hasColors?.() === true;

/**
 * Writes a stream on, line by line, without noise and the blank lines below it, and without colours where `to` shows none. A terminal
 * gets requests in columns, a pipe the Worker's own JSON.
 * @param onLine told every line, noise too, without its colours
 */
export function passOn(from: Readable, to: Output, onLine?: (line: string) => void): void {
  const hasColours = showsColours(to);
  let isNoise = true;
  createInterface({ input: from }).on("line", (line) => {
    const plain = stripVTControlCharacters(line);
    onLine?.(plain);
    if (plain !== "") isNoise = noise.some((pattern) => pattern.test(plain));
    if (isNoise) return;
    const shown = hasColours ? line : plain;
    to.write(`${to.isTTY ? requestLine(shown, hasColours) : shown}\n`);
  });
}
