/** Shows how far long work is, on a terminal only: what is piped holds results alone. */
export function showProgress(what: string): (done: number, total: number) => void {
  return (done, total) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${done} of ${total} ${what}${done === total ? "\n" : ""}`);
  };
}
