import { existsSync, readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { defaultFreshness } from "../../src/cache/freshness.ts";
import { defaultTokenGraceSeconds } from "../../src/tokens/verify.ts";
import { codeOf, rowsOf } from "../support/markdown.ts";

const page = "docs/promises.md";
const headings = [...readFileSync(page, "utf8").matchAll(/^### ((P\d+)\. .*)$/gm)];

const promises = headings.map(([, heading = "", number = ""]) => ({
  number,
  tests: rowsOf(page, heading, "held by").map(([file, title = ""]) => ({ file: codeOf(file), title })),
}));

/** The promises that stand in the first line of a test file. */
const namedBy = (path: string): string[] =>
  (/^\/\/ Holds (.*): docs\/promises\.md\.$/m.exec(readFileSync(path, "utf8"))?.[1] ?? "").match(/P\d+/g) ?? [];

describe("docs/promises.md", () => {
  it("numbers its promises from P1 on, each with a sentence, what it depends on and what it does not say", () => {
    expect(promises.length).toBeGreaterThan(15);
    expect(promises.map(({ number }) => number)).toEqual(promises.map((_, i) => `P${i + 1}`));
    const sections = readFileSync(page, "utf8").split(/^### /m).slice(1);
    for (const section of sections)
      expect(section).toMatch(/\n\n\*\*[^*]+\*\*[\s\S]*\n- Depends on [\s\S]*\n- Does not say: /);
  });

  it("has the figures of the code", () => {
    const text = readFileSync(page, "utf8");
    const { fresh, staleWhileRevalidate, staleIfError } = defaultFreshness;
    expect(text).toContain(`what the store had at most ${fresh + staleWhileRevalidate} s ago`);
    expect(text).toContain(`the last good answer is served for ${staleIfError / 3_600} h`);
    for (const [name, value] of [
      ["CACHE_FRESH_SECONDS", fresh],
      ["CACHE_STALE_SECONDS", staleWhileRevalidate],
      ["CACHE_ERROR_SECONDS", staleIfError],
      ["TOKEN_GRACE_SECONDS", defaultTokenGraceSeconds],
    ] as const)
      expect(text).toContain(`\`${name}\` (${value.toLocaleString("en")})`);
  });

  it.each(promises)("names tests of $number, which exist", ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { file, title } of tests) {
      expect(existsSync(file), file).toBe(true);
      expect(readFileSync(file, "utf8"), `${file}: ${title}`).toContain(`"${title}`);
    }
  });

  it("is named in the first line of each test file that it names, promise by promise, and of no other", async () => {
    const byPage = promises.flatMap(({ number, tests }) => tests.map(({ file }) => `${file} holds ${number}`));
    const byFile: string[] = [];
    for await (const path of glob("test/**/*.test.ts")) {
      for (const number of namedBy(path)) byFile.push(`${path} holds ${number}`);
    }
    expect(byFile.sort()).toEqual([...new Set(byPage)].sort());
  });
});
