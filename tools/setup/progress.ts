import { printable } from "../../src/base/printable.ts";
import type { Io } from "../command.ts";

/** Runs a step: a tick with its outcome once it is done; on a terminal, what is being done stands there meanwhile. */
export type RunStep = <T>(doing: string, work: () => Promise<T>, done: (outcome: T) => string) => Promise<T>;

export const stepsOf =
  ({ stderr, say }: Pick<Io, "stderr" | "say">): RunStep =>
  async (doing, work, done) => {
    const clear = () => stderr.isTTY && stderr.write("\r\u001b[K");
    if (stderr.isTTY) stderr.write(printable(`· ${doing}…`));
    const outcome = await work().finally(clear);
    say(`✓ ${done(outcome)}`);
    return outcome;
  };
