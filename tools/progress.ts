import type { Output } from "./command.ts";

/** Shows how far long work is, on a terminal only: what is piped holds results alone. */
export function showProgress(stderr: Output, what: string): (done: number, total: number) => void {
  return (done, total) => {
    if (!stderr.isTTY) return;
    stderr.write(`\r${done} of ${total} ${what}${done === total ? "\n" : ""}`);
  };
}
