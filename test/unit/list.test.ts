import { describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { unknownType } from "../../src/source/source-type.ts";
import { readList } from "../../src/sync/list.ts";
import { InvalidList } from "../../src/sync/problem.ts";
import { readFixture } from "../support/run.ts";
import { generateSources, padSource } from "../support/upstream.ts";

const company = readFixture("company");
const [a, b, c, d, e] = generateSources(5) as [OAuthSource, OAuthSource, OAuthSource, OAuthSource, OAuthSource];

/** What is said of a list that is wrong: a line for each problem. */
function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidList) return error.message.split("\n");
    throw error;
  }
  return [];
}

const problemsOfRows = (...rows: unknown[]) => problemsOf(() => readList(rows));

describe("readList", () => {
  it.each(["company", "adversarial", "many"])("reads what authentik recorded as %s", (name) => {
    const page = readFixture(name);
    const { documents, beside, types } = readList(page);
    expect({ beside, types }).toEqual({ beside: "{}", types: undefined });
    expect(documents.map(({ pk, slug }) => ({ pk, slug }))).toEqual(page.results.map(({ pk, slug }) => ({ pk, slug })));
  });

  it("reads a bare array and a response alike", () => {
    expect(readList(company.results)).toEqual(readList(company));
  });

  it("keeps what stands beside the results, without secrets", () => {
    expect(readList({ ...company, autocomplete: { a: 1 }, client_secret: "hunter2" }).beside).toBe(
      '{"autocomplete":{"a":1}}',
    );
  });

  it("gives rows without a type one of the types that are handed over", () => {
    const types = new Map([["novel", { ...unknownType, name: "novel" }]]);
    const { documents } = readList([{ ...a, provider_type: "novel", type: undefined }], types);
    expect(JSON.parse(documents[0]?.document ?? "").type.name).toBe("novel");
  });

  it.each<[string, unknown, string | RegExp]>([
    ["an error", { detail: "Token invalid/expired" }, /^neither a list of sources nor an answer of the API/],
    ["null", null, /^neither a list/],
    ["text", "[]", /^neither a list/],
    ["a list whose count is no number", { pagination: { count: "12" }, results: [] }, /^neither a list/],
    ["one page of several", { ...company, pagination: { count: 250 } }, /^holds 12 of 250 sources: ask for all of/],
    ["a page that counts less than it has", { ...company, pagination: { count: 11 } }, /^holds 12 of 11 sources/],
  ])("refuses %s", (_, json, message) => {
    const [problem, ...others] = problemsOf(() => readList(json));
    expect(others).toEqual([]);
    expect(problem).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "a slug with a space",
      { slug: "no slug" },
      'row 1 (slug "no slug"): slug: may hold letters, digits, - and _ only',
    ],
    ["a pk that is no UUID", { pk: "7" }, "pk: is not a UUID in lower case"],
    ["a pk in capitals", { pk: a.pk.replace(/^0/, "A") }, "pk: is not a UUID in lower case"],
    ["no name", { name: undefined }, "name: "],
    ["a name with a NUL", { name: "nul\0" }, "name: is not valid text"],
    ["a name with half a surrogate pair", { name: "\ud800" }, "name: is not valid text"],
  ])("refuses %s", (_, change, message) => {
    const [problem, ...others] = problemsOfRows({ ...a, ...change }, b);
    expect(others).toEqual([]);
    expect(problem).toContain(message);
    expect(problem).toMatch(/^row 1 \(slug /);
  });

  it("names every problem of every row", () => {
    const rows = [{ ...a, pk: 7, slug: "no slug" }, b, { ...c, name: null }, 7];
    expect(problemsOfRows(...rows).map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      'row 1 (slug "no slug"): pk',
      'row 1 (slug "no slug"): slug',
      'row 3 (slug "source-00002"): name',
      "row 4 (slug null): row",
    ]);
  });

  it("refuses a pk or a slug that stands in two rows", () => {
    const rows = [a, { ...b, slug: a.slug }, { ...c, pk: a.pk }, d, e];
    expect(problemsOfRows(...rows)).toEqual([
      'row 2 (slug "source-00000"): slug: stands in another row too',
      'row 3 (slug "source-00002"): pk: stands in another row too',
    ]);
  });

  it("stops at ten problems in a list of 1.9 million", () => {
    const lines = problemsOf(() => readList(Array(1_900_000).fill(0)));
    expect(lines).toHaveLength(11);
    expect(lines.slice(-2)).toEqual([
      "row 10 (slug null): row: is no object",
      "and perhaps more: the check stops at 10 problems",
    ]);
  });

  it("holds what is nested deeper than a call stack, and refuses it for a slug or the whole", () => {
    const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    const list = readList([a, { ...b, oidc_jwks: deep }, { ...d, not_known: deep }]);
    expect(list).toMatchObject({ held: [b.pk, d.pk], documents: [{ pk: a.pk }] });
    expect(list.warnings.first.map(({ row, key, what }) => ({ row, key, what }))).toEqual([
      { row: 1, key: "oidc_jwks", what: "too_deep" },
      { row: 2, key: "not_known", what: "too_deep" },
    ]);
    expect(problemsOfRows(a, { ...c, slug: deep })).toEqual([
      expect.stringContaining("row 2 (slug null): slug: may hold"),
    ]);
    expect(problemsOf(() => readList(deep))).toEqual(["row 1 (slug null): row: is no object"]);
    expect(readList({ results: [], novel: deep }).beside).toBe(undefined);
  });

  it("counts all warnings, and keeps the first ten", () => {
    const rows = generateSources(30).map((source) => ({ ...source, enabled: "yes" }));
    expect(readList(rows).warnings).toMatchObject({ count: 30, first: { length: 10 } });
  });

  it("measures a source as it is stored", () => {
    expect(readList([a, padSource(b, 65_536)]).held).toEqual([]);
    expect(readList([a, padSource(b, 65_537)])).toMatchObject({
      held: [b.pk],
      warnings: { count: 1, first: [{ detail: "the source has 65537 bytes as JSON, more than 65536" }] },
    });
  });
});
