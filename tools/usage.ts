import { commandLine } from "./invocation.ts";

/** An option of a command line: what `parseArgs` takes of it, and what its usage says. */
export interface Option {
  type: "boolean" | "string";
  default?: boolean | string;
  /** What stands for its value. */
  value?: string;
  /** What it does. Without words it is not shown. */
  words?: string | undefined;
}

export const flag = (words?: string) => ({ type: "boolean", default: false, words }) as const;
export const option = (value: string, words?: string) => ({ type: "string", value, words }) as const;

export interface Usage {
  /** As `tools/commands.ts` has it. The tool's errors begin with it. */
  name: string;
  /** What may follow the name, a line each. @default nothing */
  forms?: string[];
  /** What the tool does, in sentences. */
  about: string;
  /** What it reads of the environment, each with its meaning. */
  variables?: Record<string, string>;
  options?: Record<string, Option>;
}

/** The text of `--help`. */
export function usageOf({ name, forms = [""], about, variables = {}, options = {} }: Usage): string {
  const shownOptions = Object.entries(options).flatMap(([option, { value, words, default: fallback }]) => {
    if (words === undefined) return [];
    const shownDefault = typeof fallback === "string" ? ` (default ${fallback})` : "";
    return [[`--${option}${value ? ` ${value}` : ""}`, `${words}${shownDefault}`]] as const;
  });
  const rows = [...Object.entries(variables), ...shownOptions];
  const width = Math.max(0, ...rows.map(([term]) => term.length));
  const newLine = `\n${" ".repeat(width + 4)}`;
  const lines = rows.map(([term, words]) => `  ${term.padEnd(width)}  ${words.replaceAll("\n", newLine)}`);
  return [`Usage: ${forms.map((form) => commandLine(name, form)).join("\n       ")}\n`, about, ...lines].join("\n");
}
