import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { defaultFreshness } from "../../src/cache/freshness.ts";
import { variableNames } from "../../src/settings.ts";
import { defaultTokenGraceSeconds } from "../../src/tokens/verify.ts";
import { codeOf, rowsOf } from "../support/markdown.ts";

const operations = "docs/operations.md";
const embedding = "docs/embedding.md";
const { fresh, staleWhileRevalidate, staleIfError } = defaultFreshness;

const units: Record<string, number> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, s: 1, levels: 1, characters: 1 };

/** A number of the documentation: "64 KiB", "1,000". */
function numberOf(cell = ""): number {
  const [, digits = "", unit = ""] = /^([\d,.]+) ?(\w*)$/.exec(cell) ?? [];
  return Number(digits.replaceAll(",", "")) * (units[unit] ?? Number.NaN);
}

/** A constant or property that no module exports, as it stands in the code; it may be a product. Times are given in seconds. */
function constantIn(file: string, name: string): number {
  const [, product = ""] =
    new RegExp(`\\b${name}(?: =|:) ([\\d_]+(?: \\* [\\d_]+)*)[,; ]`).exec(readFileSync(file, "utf8")) ?? [];
  const value = product.split("*").reduce((sum, factor) => sum * Number(factor.replaceAll("_", "")), 1);
  return product === "" ? Number.NaN : value / (name.endsWith("Ms") ? 1000 : 1);
}

describe("docs/operations.md", () => {
  it("has the limits of the code", () => {
    const limits = rowsOf(operations, "Limits");
    expect(limits.length).toBeGreaterThan(20);
    for (const [what, most, where = ""] of limits) {
      const [, name = "", file = ""] = /^`(\w+)`, (src\/\S+\.ts)$/.exec(where) ?? [];
      expect(numberOf(most), what).toBe(constantIn(file, name));
    }
  });

  it("has the times of the code in its outages, and a test for each", () => {
    const outages = rowsOf(operations, "What happens in an outage");
    const cellsOf = (start: string) => outages.find(([first]) => first?.startsWith(start)) ?? [];
    for (const [what, , , test] of outages) expect(existsSync(codeOf(test)), what).toBe(true);
    expect(cellsOf("the store is down, and the page is in the cache")[2]).toBe(`${staleIfError / 3600} h`);
    expect(cellsOf("the store is down, and the token was good")[2]).toBe(`${defaultTokenGraceSeconds / 3600} h`);
    expect(cellsOf("the store answers again")[1]).toContain(`at most ${fresh + staleWhileRevalidate} s`);
    const budget = constantIn("src/db/database.ts", "queryMs");
    expect(cellsOf("the store is down, and the page is in no")[1]).toContain(`after ${budget} s at most`);
  });
});

describe("docs/embedding.md", () => {
  it("has the defaults of the code", () => {
    const options = rowsOf(embedding, "The options of `createSourcesApp`");
    const defaultOf = (option: string) => options.find(([name]) => codeOf(name) === option)?.[2];
    expect(defaultOf("freshness")).toBe(
      `fresh ${fresh} s, stale-while-revalidate ${staleWhileRevalidate} s, stale-if-error ${staleIfError / 3600} h`,
    );
    expect(defaultOf("tokenGraceSeconds")).toBe(String(defaultTokenGraceSeconds));
  });

  it("names every value that the package exports", async () => {
    // By paths that the compiler does not follow: it would miss the types of the Workers runtime.
    const entries = ["src/index.ts", "src/client.ts", "src/db/schema.ts"].map((path) => import(resolve(path)));
    const named = rowsOf(embedding, "Everything that is exported").filter(([, kind]) => kind !== "type");
    const exported = (await Promise.all(entries)).flatMap((entry) => Object.keys(entry));
    expect(named.map(([name]) => codeOf(name)).sort()).toEqual(exported.sort());
  });

  it("names the versions of package.json", () => {
    const versions = rowsOf(embedding, "Install").map(([name, version]) => [codeOf(name), codeOf(version)]);
    expect(Object.fromEntries(versions)).toEqual(manifest.peerDependencies);
    expect(readFileSync(embedding, "utf8")).toContain(`runs on Node \`${manifest.engines.node}\``);
  });
});

describe("docs/configuration.md", () => {
  it("has a row for every variable of the Worker", () => {
    const rows = readFileSync("docs/configuration.md", "utf8").match(/^\|.*\|$/gm) ?? [];
    const named = rows.flatMap((row) => row.split("|")[1]?.match(/[A-Z][A-Z_]+/g) ?? []);
    expect(named).toEqual(expect.arrayContaining(variableNames));
  });
});
