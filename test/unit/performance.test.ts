import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { plots } from "../../bench/plot.ts";
import { blocks, fillReport } from "../../bench/report.ts";

const read = (path: string) => readFileSync(path, "utf8");
const results = JSON.parse(read("docs/bench/bench.json"));
const documents = ["README.md", "docs/performance.md"];

describe("the figures of the bench", () => {
  it.each(documents)("are those of its last run in %s", (document) => {
    expect(read(document)).toBe(fillReport(read(document), results));
  });

  it("have each a place in a document", () => {
    const text = documents.map(read).join();
    for (const block of Object.keys(blocks)) expect(text).toContain(`<!-- bench:${block} -->`);
  });

  it("are those of its last run in the plots, too", () => {
    for (const [name, plot] of Object.entries(plots(results))) expect(read(`docs/bench/${name}`)).toBe(plot);
  });
});
