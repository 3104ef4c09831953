import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { plots } from "../../bench/plot.ts";
import { blocks, fillReport } from "../../bench/report.ts";

const read = (path: string) => readFileSync(path, "utf8");
const results = JSON.parse(read("docs/bench/bench.json"));
const documents = ["README.md", "docs/performance.md"];

it.each(documents)("%s has the figures of the bench's last run and no others", (document) => {
  expect(read(document)).toBe(fillReport(read(document), results));
});

it("every figure of the bench has a place in a document", () => {
  const text = documents.map(read).join();
  for (const block of Object.keys(blocks)) expect(text).toContain(`<!-- bench:${block} -->`);
});

it("the plots are of that run too", () => {
  for (const [name, plot] of Object.entries(plots(results))) expect(read(`docs/bench/${name}`)).toBe(plot);
});
