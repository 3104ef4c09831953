import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openD1 } from "../../src/db/d1.ts";
import type { WritableDatabase } from "../../src/db/database.ts";
import type { OAuthSource } from "../../src/sources/source.ts";
import { readList } from "../../src/sync/list.ts";
import { syncSources } from "../../src/sync/run.ts";
import { recordRun } from "../../src/sync/runs.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { migrateLocalD1, openLocalD1 } from "../../tools/local-d1.ts";
import { recordD1, type SentStatement } from "../support/recorded-d1.ts";
import { temporaryFolder } from "../support/run.ts";
import { generateSources, largestPage, padSource, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

// The local D1 enforces none of the limits that the deployed one has.
const mostValues = 100;
const mostBytesOfValue = 2_000_000;
const mostBytesOfStatement = 100_000;

const requests: SentStatement[][] = [];
let local: Awaited<ReturnType<typeof openLocalD1>>;
let db: WritableDatabase;

beforeAll(async () => {
  const folder = join(temporaryFolder(), "d1");
  await migrateLocalD1(folder);
  local = await openLocalD1(folder);
  db = openD1(recordD1(local.DB, requests));
});

afterAll(() => local.close());

beforeEach(async () => {
  await replaceSources(local.db, readList([]), { now: 0 });
  requests.length = 0;
});

const load = (rows: unknown[]) => replaceSources(db, readList(rows), { now: Date.now() });
const bytesOf = (value: unknown) => (typeof value === "string" ? Buffer.byteLength(value) : 8);

function expectWithinLimits() {
  expect(requests.length).toBeGreaterThan(0);
  for (const { sql, values } of requests.flat()) {
    expect(values.length, sql).toBeLessThanOrEqual(mostValues);
    expect(bytesOf(sql), sql.slice(0, 200)).toBeLessThanOrEqual(mostBytesOfStatement);
    expect(Math.max(0, ...values.map(bytesOf)), sql).toBeLessThanOrEqual(mostBytesOfValue);
  }
}

/** Sources of as many bytes as a source may have, in characters that take the most room where they are bound. */
const fullOf = (character: string) =>
  generateSources(20).map((source) => {
    const { additional_scopes: padding, ...rest } = padSource(source, 65_000);
    return {
      ...rest,
      additional_scopes: character.repeat(padding.length / Buffer.byteLength(JSON.stringify(character))),
    };
  });

describe("what a writer sends to D1 stays within its limits", () => {
  it.each<[string, () => unknown[]]>([
    ["10,000 new sources", () => generateSources(10_000)],
    ["the largest page", largestPage],
    ["the largest sources, in quotes", () => fullOf('"')],
    ["the largest sources, in characters of four bytes", () => fullOf("🔑")],
    ["the largest sources, in characters of three bytes", () => fullOf("漢")],
  ])("for %s", async (_, rows) => {
    const wanted = rows();
    expect(await load(wanted)).toMatchObject({ added: wanted.length });
    expect(await load(wanted)).toMatchObject({ unchanged: wanted.length });
    expectWithinLimits();
    await load([]);
    expectWithinLimits();
  });

  it("for the record of a run with the longest error", async () => {
    const run = {
      startedAt: 0,
      durationMs: 0,
      trigger: "cron",
      upstream: "u".repeat(2_000),
      outcome: "failed",
    } as const;
    const counts = { added: null, changed: null, removed: null, unchanged: null };
    await recordRun(db, { ...run, ...counts, error: "漢".repeat(2_000) });
    expect(requests).toHaveLength(1);
    expectWithinLimits();
  });
});

it("deletes before it inserts, and never replaces a source in place", async () => {
  const [first, second, ...others] = generateSources(12) as [OAuthSource, OAuthSource, ...OAuthSource[]];
  await load([first, second, ...others]);
  requests.length = 0;
  await load([{ ...first, slug: second.slug }, { ...second, slug: first.slug }, ...others.slice(1)]);
  const written = requests.flat().map(({ sql }) => sql);
  expect(written.join("\n")).not.toMatch(/insert\s+or\s+replace|replace\s+into|on\s+conflict/i);
  const kinds = written.map((sql) => /^(delete|insert|update)/i.exec(sql)?.[0].toLowerCase()).filter(Boolean);
  expect(kinds).toEqual(["update", "delete", "insert", "update"]);
});

describe("a run over D1, as README.md counts it against the platform's limits: requests to it and to authentik, and statements,", () => {
  it.each([
    [10, { unchanged: { requests: 6, statements: 5 }, changed: { requests: 7, statements: 9 } }],
    [1_000, { unchanged: { requests: 7, statements: 6 }, changed: { requests: 8, statements: 17 } }],
    [10_000, { unchanged: { requests: 35, statements: 15 }, changed: { requests: 36, statements: 102 } }],
  ])("asks this often for %d sources", async (size, expected) => {
    const upstream = await startUpstream();
    let fetched = 0;
    const counted = async (name: string) => {
      const rows = generateSources(size, name);
      const pages = Array.from({ length: Math.ceil(size / 1_000) }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
      upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");
      [requests.length, fetched] = [0, 0];
      const run = await syncSources(db, {
        upstream: upstream.origin,
        token: "t",
        fetch: (...args) => {
          fetched++;
          return fetch(...args);
        },
      });
      expect(run.error).toBe(null);
      return { requests: fetched + requests.length, statements: requests.flat().length };
    };
    await counted("Old");
    expect({ unchanged: await counted("Old"), changed: await counted("New") }).toEqual(expected);
    await upstream.close();
  });
});
