import { Interrupted } from "./interruption.ts";

/** A stream that may be a terminal's. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; hasColors?: () => boolean };

/** A stream that may be a terminal's keyboard. */
export type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };

export interface AskOptions {
  stdin: Input;
  /** Where the question goes. */
  stderr: Output;
  /** Whether what is typed is not shown. @default false */
  isSecret?: boolean;
  /** Breaks it off. */
  signal?: AbortSignal | undefined;
}

const enter = ["\r", "\n"];
const endOfText = ["\u0003", "\u0004"];
const backspace = ["\b", "\u007f"];
const eraseLine = "\u0015";

/** What keys and terminals send besides text: arrows, and the marks around what is pasted. */
const escapes = /\p{Cc}\[[0-9;]*[~A-Za-z]/gu;

/**
 * Asks at a terminal, which is as it was afterwards.
 * @throws Interrupted for Ctrl-C, Ctrl-D and the signal
 */
export async function ask(question: string, { stdin, stderr, isSecret = false, signal }: AskOptions): Promise<string> {
  stderr.write(question);
  stdin.setRawMode?.(true);
  stdin.setEncoding("utf8");
  let typed = "";
  try {
    return await new Promise<string>((resolve, reject) => {
      const breakOff = () => reject(new Interrupted());
      signal?.addEventListener("abort", breakOff, { once: true });
      stdin.on("end", breakOff);
      stdin.on("data", (chunk) => {
        for (const key of String(chunk).replace(escapes, "")) {
          if (enter.includes(key)) return resolve(typed.trim());
          if (endOfText.includes(key)) return breakOff();
          const shown = typed;
          if (backspace.includes(key)) typed = typed.slice(0, -1);
          else if (key === eraseLine) typed = "";
          else if (key >= " ") typed += key;
          if (!isSecret) stderr.write(redraw(shown, typed));
        }
      });
      stdin.resume();
    });
  } finally {
    stdin.removeAllListeners("data").removeAllListeners("end").pause();
    stdin.setRawMode?.(false);
    stderr.write("\n");
  }
}

const redraw = (before: string, after: string): string =>
  after.length > before.length ? after.slice(before.length) : "\b \b".repeat(before.length - after.length);
