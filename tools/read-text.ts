import { readFileSync } from "node:fs";

/** The marks that editors put before UTF-16. */
const marks: [encoding: string, mark: string][] = [
  ["utf-16le", "fffe"],
  ["utf-16be", "feff"],
];

/**
 * Reads a text file that a person made: UTF-8 with or without a byte order mark, or UTF-16 by its mark.
 * @throws Error naming the file, where it is neither: text of another encoding would be stored wrong without a word
 */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  const mark = bytes.subarray(0, 2).toString("hex");
  const encoding = marks.find(([, known]) => known === mark)?.[0] ?? "utf-8";
  const text = decode(bytes, encoding);
  // UTF-16 without a mark, and UTF-32, are valid with a NUL beside each letter.
  if (text === undefined || text.includes("\0")) throw new Error(`${path} is not UTF-8 text: save it as UTF-8`);
  return text;
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
