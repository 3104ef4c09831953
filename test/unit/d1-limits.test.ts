import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { recordRun } from "../../src/sync/runs.ts";
import { startMeteredD1 } from "../support/metered-d1.ts";
import { generateSources, largestPage, padSource } from "../support/upstream.ts";

let d1: Awaited<ReturnType<typeof startMeteredD1>>;

beforeAll(async () => {
  d1 = await startMeteredD1();
});

afterAll(() => d1.close());

beforeEach(() => d1.empty());

/** Sources of as many bytes as a source may have, in characters that take the most room where they are bound. */
const fullOf = (character: string) =>
  generateSources(20).map((source) => {
    const { additional_scopes: padding, ...rest } = padSource(source, 65_000);
    return {
      ...rest,
      additional_scopes: character.repeat(padding.length / Buffer.byteLength(JSON.stringify(character))),
    };
  });

// 10,000 sources are in test/slow/d1-many-sources.test.ts.
describe("what a writer sends to D1", () => {
  it.each<[string, () => unknown[]]>([
    ["1,100 new sources", () => generateSources(1_100)],
    ["the largest page", largestPage],
    ["the largest sources, in quotes", () => fullOf('"')],
    ["the largest sources, in characters of four bytes", () => fullOf("🔑")],
    ["the largest sources, in characters of three bytes", () => fullOf("漢")],
  ])("stays within the platform's limits for %s", (_, rows) => d1.expectLoadWithinLimits(rows()));

  it("stays within the platform's limits for the record of a run with the longest error", async () => {
    const error = "漢".repeat(2_000);
    await recordRun(d1.db, {
      ...{ startedAt: 0, durationMs: 0, trigger: "cron", upstream: "u".repeat(2_000), outcome: "failed", error },
      ...{ added: null, changed: null, removed: null, unchanged: null, renewed: 0, warnings: 10 },
      firstWarnings: Array(10).fill({
        source: "s".repeat(255),
        key: "k".repeat(110),
        what: "unavailable",
        detail: error,
      }),
    });
    expect(d1.requests).toHaveLength(1);
    d1.expectWithinLimits();
  });

  it("deletes before it inserts, and never replaces a source in place", async () => {
    const [first, second, ...others] = generateSources(12) as [OAuthSource, OAuthSource, ...OAuthSource[]];
    await d1.load([first, second, ...others]);
    d1.requests.length = 0;
    await d1.load([{ ...first, slug: second.slug }, { ...second, slug: first.slug }, ...others.slice(1)]);
    const written = d1.requests.flat().map(({ sql }) => sql);
    expect(written.join("\n")).not.toMatch(/insert\s+or\s+replace|replace\s+into|on\s+conflict/i);
    const kinds = written.map((sql) => /^(delete|insert|update)/i.exec(sql)?.[0].toLowerCase()).filter(Boolean);
    expect(kinds).toEqual(["update", "delete", "insert", "delete", "delete", "update"]);
  });
});

describe("a run of the sync over D1", () => {
  it.each([
    [10, { unchanged: { requests: 8, statements: 8 }, changed: { requests: 8, statements: 11 } }],
    [1_000, { unchanged: { requests: 9, statements: 9 }, changed: { requests: 9, statements: 19 } }],
  ])("takes as many requests and statements for %i sources as docs/operations.md says", async (size, expected) => {
    expect(await d1.countRuns(size)).toEqual(expected);
  });
});
