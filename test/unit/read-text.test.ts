import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readText } from "../../tools/read-text.ts";

const text = "NAME=grün 中 😀\n";

function write(bytes: Uint8Array): string {
  const file = join(mkdtempSync(join(tmpdir(), "test-")), "file");
  writeFileSync(file, bytes);
  return file;
}

describe("readText", () => {
  it.each<[string, Buffer]>([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16, little endian", Buffer.from(`\ufeff${text}`, "utf16le")],
    ["UTF-16, big endian", Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
  ])("reads %s", (_, bytes) => {
    expect(readText(write(bytes))).toBe(text);
  });

  it.each<[string, Buffer]>([
    ["ISO 8859-1", Buffer.from("NAME=grün", "latin1")],
    ["UTF-16 cut in the middle", Buffer.from(`\ufeff${text}`, "utf16le").subarray(0, -1)],
    ["UTF-16 without a mark", Buffer.from("NAME=x\n", "utf16le")],
    ["UTF-32", Buffer.concat([..."\ufeffNAME=x"].map((letter) => Buffer.from(`${letter}\0`, "utf16le")))],
  ])("refuses %s by the file's name", (_, bytes) => {
    const file = write(bytes);
    expect(() => readText(file)).toThrow(`${file} is not UTF-8 text`);
  });
});
