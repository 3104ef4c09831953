import { readFileSync } from "node:fs";

/** The fenced blocks of a language, in their order. */
export const blocksOf = (path: string, language: string): string[] =>
  [...readFileSync(path, "utf8").matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );

const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/** The rows of the tables below a heading, without their heads; a table whose first head is `first` alone, where that is given. */
export function rowsOf(path: string, heading: string, first?: string): string[][] {
  const section = readFileSync(path, "utf8")
    .split(/^#+ /m)
    .find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${path} has no heading "${heading}"`);
  const tables = section.match(/(^\|.*\n)+/gm) ?? [];
  return tables.flatMap((table) => {
    const [head = [], , ...rows] = table.trim().split("\n").map(cellsOf);
    return first === undefined || head[0] === first ? rows : [];
  });
}

/** What stands in a code span, which is the whole of a cell. */
export const codeOf = (cell = ""): string => /^`(.*)`$/.exec(cell)?.[1] ?? "";
