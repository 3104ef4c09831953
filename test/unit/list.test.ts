import { describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/sources/source.ts";
import { unknownType } from "../../src/sources/source-type.ts";
import { readList, readTypes } from "../../src/sync/list.ts";
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
    [
      "too much beside the results",
      { results: [], novel: "x".repeat(64 * 1024) },
      "what stands beside the results has 65548 characters, more than 65536",
    ],
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
    ["text where a boolean belongs", { enabled: "yes" }, "enabled: "],
    ["a number where text belongs", { policy_engine_mode: 7 }, "policy_engine_mode: "],
    ["a URL of 256 characters", { profile_url: "x".repeat(256) }, "profile_url: "],
    ["a type without a name", { type: { ...a.type, name: undefined } }, "type.name: "],
    ["a URL that runs code", { icon: "\ufeffjavascript:alert(1)" }, "icon: has a URL of the scheme javascript:"],
    [
      "a type's URL that runs code",
      { type: { ...a.type, oidc_jwks_url: "java\tscript:alert(1)" } },
      "type.oidc_jwks_url: has a URL of the scheme javascript:",
    ],
    ["a themed icon that runs code", { icon_themed_urls: { dark: "vbscript:x" } }, "icon_themed_urls.dark: has a URL"],
  ])("refuses %s", (_, change, message) => {
    const [problem, ...others] = problemsOfRows({ ...a, ...change }, b);
    expect(others).toEqual([]);
    expect(problem).toContain(message);
    expect(problem).toMatch(/^row 1 \(slug /);
  });

  it("names every problem of every row", () => {
    const rows = [{ ...a, enabled: "yes", slug: "no slug" }, b, { ...c, name: null }, 7];
    expect(problemsOfRows(...rows).map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      'row 1 (slug "no slug"): slug',
      'row 1 (slug "no slug"): enabled',
      'row 3 (slug "source-00002"): name',
      "row 4 (slug null): row",
    ]);
  });

  it("refuses what must be unique and stands in two rows", () => {
    const rows = [{ ...a, managed: "m" }, { ...b, slug: a.slug, managed: "m" }, { ...c, pk: a.pk }, d, e];
    expect(problemsOfRows(...rows)).toEqual([
      'row 2 (slug "source-00000"): slug: stands in another row too',
      'row 2 (slug "source-00000"): managed: stands in another row too',
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

  it("refuses what is nested deeper than a call stack, be it a field or the whole", () => {
    const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(problemsOfRows(a, { ...b, oidc_jwks: deep }, { ...c, slug: deep }, { ...d, not_known: deep })).toEqual([
      'row 2 (slug "source-00001"): oidc_jwks: is nested more than 200 deep',
      "row 3 (slug null): slug: is nested more than 200 deep",
      'row 4 (slug "source-00003"): not_known: is nested more than 200 deep',
    ]);
    expect(problemsOf(() => readList(deep))).toEqual(["row 1 (slug null): row: is no object"]);
    expect(problemsOf(() => readList({ results: [], novel: deep }))).toEqual(["novel: is nested more than 200 deep"]);
  });

  it("measures a source as it is stored", () => {
    expect(problemsOfRows(a, padSource(b, 65_536))).toEqual([]);
    expect(problemsOfRows(a, padSource(b, 65_537))).toEqual([
      'row 2 (slug "source-00001"): has 65537 bytes as JSON, more than 65536',
    ]);
  });
});

describe("readTypes", () => {
  it("keeps types and their order, without secrets", () => {
    const types = ["wechat", "apple"].map((name) => ({ ...a.type, name, novel: 1 }));
    const { types: texts, byName } = readTypes(types.map((type) => ({ ...type, client_secret: "hunter2" })));
    expect(texts.map((text) => JSON.parse(text))).toEqual(types);
    expect([...byName.keys()]).toEqual(["wechat", "apple"]);
  });

  it.each<[string, unknown, string]>([
    ["no list", { results: [] }, "Invalid input"],
    ["a type without a name", [{}], "0.name: "],
    ["a type whose name is no text", [{ ...a.type, name: "\ud800" }], "0.name: is not valid text"],
    [
      "types of more than 128 KiB",
      [{ ...a.type, novel: "x".repeat(128 * 1024) }],
      "the list of source types has 131359 characters, more than 131072",
    ],
    ["more than 1,000 types", Array.from({ length: 1_001 }, (_, i) => ({ ...a.type, name: `${i}` })), "Invalid input"],
    ["two types of one name", [a.type, a.type], "name: two types have one name"],
    ["a URL that runs code", [{ ...a.type, profile_url: "javascript:x" }], "type.profile_url: has a URL of the scheme"],
  ])("refuses %s", (_, json, message) => {
    expect(problemsOf(() => readTypes(json)).join("\n")).toContain(message);
  });
});
