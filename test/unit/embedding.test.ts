import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { defaultFreshness, defaultTokenGraceSeconds } from "../../src/options.ts";
import { packageCommands } from "../../tools/commands.ts";
import { blocksOf, codeOf, rowsOf } from "../support/markdown.ts";
import { typeCheck } from "../support/type-check.ts";

const path = "docs/embedding.md";
const rows = (heading: string, first?: string) =>
  rowsOf(path, heading, first).map(([name, ...others]) => [codeOf(name), ...others]);

/** A module that compiles where the two types are the same. */
const sameTypes = (pairs: string[][], imports: string) => `${imports}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T | undefined => undefined;
${pairs.map(([a, b]) => `isTrue<Same<${a}, ${b}>>();`).join("\n")}
`;

const union = (names: string[]) => names.map((name) => JSON.stringify(name)).join(" | ");

describe("docs/embedding.md", () => {
  it("has snippets that compile", async () => {
    const snippets = blocksOf(path, "ts");
    expect(snippets.length).toBeGreaterThan(5);
    expect(await typeCheck(Object.fromEntries(snippets.map((code, i) => [`snippet-${i + 1}`, code])))).toBe("");
  });

  it("names every option with its very type", async () => {
    const heading = "The options of `createSourcesApp`";
    const tables = { "SourcesAppOptions<E>": "name", Freshness: "`Freshness`", Principal: "`Principal`" };
    const pairs = Object.entries(tables).flatMap(([type, first]) => {
      const fields = rows(heading, first);
      expect(fields.length).toBeGreaterThan(2);
      return [
        [`keyof ${type}`, union(fields.map(([name = ""]) => name))],
        ...fields.map(([name, cell]) => [
          `Exclude<${type}["${name}"], undefined>`,
          `Exclude<${codeOf(cell)}, undefined>`,
        ]),
      ];
    });
    const imports = `import type { Cache, Database, Freshness, Principal, RateLimiter, SourcesAppOptions, StoredResponse } from "authentik-sources-edge";
import type { Context } from "hono";
interface E { Bindings: { DB: D1Database } }`;
    expect(await typeCheck({ options: sameTypes(pairs, imports) })).toBe("");
  });

  it("names each option's default as its declaration does, and that is the one in force", () => {
    const source = readFileSync("src/app.ts", "utf8");
    const declared = source.slice(source.indexOf("interface SourcesAppOptions"), source.indexOf("export function"));
    for (const [name, , stated] of rows("The options of `createSourcesApp`", "name")) {
      const [comment = ""] = new RegExp(`/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\s+${name}\\??:`).exec(declared) ?? [];
      const [, documented = "required"] = /@default (.*?)(?: \*\/|\n)/.exec(comment) ?? [];
      expect(stated, name).toBe(documented);
    }
    const { fresh, staleWhileRevalidate, staleIfError } = defaultFreshness;
    const [[, , lifetimes] = [], [, , grace] = []] = ["freshness", "tokenGraceSeconds"].map((option) =>
      rows("The options of `createSourcesApp`").find(([name]) => name === option),
    );
    expect(lifetimes).toBe(
      `fresh ${fresh} s, stale-while-revalidate ${staleWhileRevalidate} s, stale-if-error ${staleIfError / 3600} h`,
    );
    expect(grace).toBe(String(defaultTokenGraceSeconds));
  });

  it("names everything that is exported, and what it is", async () => {
    const all = rows("Everything that is exported");
    const listOf = (from: string) => {
      const code = readFileSync(from, "utf8");
      const lists = [...code.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, isType, names = ""]) =>
        names
          .split(",")
          .map((each) => ({ name: each.replace("type ", "").trim(), isType: isType || each.includes("type ") })),
      );
      const declarations = [...code.matchAll(/^export (?:async )?(interface|type|function|const|class) (\w+)/gm)];
      return [
        ...lists.map(({ name, isType }) => [name, isType ? "type" : "value"]),
        ...declarations.map(([, kind = "", name = ""]) => [name, /interface|type/.test(kind) ? "type" : "value"]),
      ];
    };
    const exported = ["src/index.ts", "src/client.ts", "src/db/schema.ts"].flatMap(listOf);
    expect(all.map(([name, kind]) => [name, kind === "type" ? "type" : "value"]).sort()).toEqual(exported.sort());
    expect(exported.length).toBeGreaterThan(40);
  });

  it("names the versions and commands that package.json and the command have", async () => {
    expect(Object.fromEntries(rows("Install").map(([name, versions]) => [name, codeOf(versions)]))).toEqual(
      manifest.peerDependencies,
    );
    expect(readFileSync(path, "utf8")).toContain(`runs on Node \`${manifest.engines.node}\``);
    expect(rows("On your machine")).toEqual(
      Object.entries(packageCommands).map(([name, { purpose }]) => [name, purpose]),
    );
  });
});
