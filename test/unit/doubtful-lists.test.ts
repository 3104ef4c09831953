// Holds P17: docs/promises.md.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { countValues } from "../../src/sync/json.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { type Behaviour, generateSources, pageOf, sendJson, servePages, startUpstream } from "../support/upstream.ts";

const token = "ak-0123456789abcdef";
const sources = generateSources(3);
const [first, second, third] = sources as [OAuthSource, OAuthSource, OAuthSource];

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  store = await createFileStore(sources);
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

const sync = (behaviour: Behaviour, options: Partial<SyncOptions> = {}) => {
  upstream.behaviour = behaviour;
  return syncSources(store.db, { upstream: upstream.origin, token, ...options });
};

async function expectRefused(behaviour: Behaviour, error: string, options: Partial<SyncOptions> = {}) {
  const before = await store.snapshot();
  const run = await sync(behaviour, options);
  expect(run).toMatchObject({ outcome: "failed", warnings: 0, firstWarnings: [] });
  expect(run.error).toContain(error);
  expect(await store.snapshot()).toEqual(before);
}

describe("a run stops at a source", () => {
  it.each([
    ...[undefined, null, 7, "", "7", first.pk.replace("0000", "ABCD"), [first.pk], { pk: first.pk }].map(
      (pk) => ["pk", pk, "is not a UUID in lower case"] as const,
    ),
    ...[undefined, null, 7, true, ["x"], { name: "x" }, "a\0b", "a\ud800"].map(
      (name) => ["name", name, "is not valid text"] as const,
    ),
    ...[undefined, null, 7, "", "a b", "a/b", "a.b", "é", "../x", "x\n", "x".repeat(256), ["x"]].map(
      (slug) => ["slug", slug, "may hold letters, digits, - and _ only, from 1 to 255 of them"] as const,
    ),
  ])("whose %s is %j", async (key, value, message) => {
    await expectRefused(servePages([{ ...first, [key]: value }, second, third]), `: ${key}: ${message}`);
  });

  it.each([null, 7, "x", [], [first]])("that is %j", async (row) => {
    await expectRefused(servePages([row, second, third]), "row 1 (slug null): row: is no object");
  });

  it.each(["pk", "slug"] as const)("whose %s is another's", async (key) => {
    const rows = [first, { ...second, [key]: first[key] }, third];
    await expectRefused(servePages(rows), `${key}: stands in another row too`);
  });
});

describe("a list's limits", () => {
  const besideOf =
    (beside: unknown): Behaviour =>
    (response) =>
      sendJson(response, { ...pageOf(sources), beside });

  it.each([
    ["x", 12_000],
    ["中", 4_000],
  ])("count the bytes of all pages in %s", async (letter, length) => {
    const rows = sources.map((source) => ({ ...source, additional_scopes: letter.repeat(length) }));
    const options = { limits: { listBytes: 30_000 } };
    await expectRefused(servePages(rows, 1), "has a list of more than 30000 bytes", options);
  });

  it("count the values of a page, before it is parsed", async () => {
    const limits = { pageValues: 1_000 };
    await expectRefused(besideOf("@".repeat(10)), "answered with more than 100 values", {
      limits: { pageValues: 100 },
    });
    expect((await sync(besideOf(",[{".repeat(1_000)), { limits })).error).toBe(null);
    await expectRefused(besideOf(Array(1_000).fill([])), "answered with more than 1000 values", { limits });
  });

  it("count the values of all pages", async () => {
    await expectRefused(servePages(sources, 1), "has a list of more than 150 values", { limits: { listValues: 150 } });
  });

  it("refuse 9 MiB of empty arrays", async () => {
    const text = `{"pagination":{"count":0,"current":1,"total_pages":1},"results":[${"[],".repeat(3_000_000)}[]]}`;
    await expectRefused((response) => sendJson(response, text), "answered with more than 1000000 values");
  });
});

describe("countValues", () => {
  it.each([
    ["[]", 1],
    ["[[],{}]", 4],
    ['{"a":1,"b":[2,3]}', 4],
    ['["[,{","\\"[,","\\\\",","]', 4],
    ['"[,', 0],
    ['["a\\\\\\"],[",1]', 2],
  ])("of %s is %d", (text, count) => {
    expect(countValues(text)).toBe(count);
  });

  it("takes linear time, whatever the text", () => {
    for (const text of ['"\\'.repeat(2_000_000), "\\".repeat(4_000_000), '"'.repeat(4_000_001)]) {
      const start = performance.now();
      countValues(text);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
  });
});

describe("what stands beside the results", () => {
  const kept = async () => (await store.snapshot()).state[0]?.beside;

  it.each([
    ["has too many bytes", { novel: "中".repeat(21_900) }, "beside.results", "too_large"],
    ["is nested too deep", { novel: "@deep" }, "novel", "too_deep"],
  ])("stays as it is stored where it %s", async (_, beside, key, what) => {
    expect((await sync((response) => sendJson(response, { ...pageOf(sources), autocomplete: {} }))).error).toBe(null);
    const deep = "[".repeat(300) + "]".repeat(300);
    const text = JSON.stringify({ ...pageOf(sources), ...beside }).replace('"@deep"', deep);
    const run = await sync((response) => sendJson(response, text));
    expect(run).toMatchObject({ outcome: "unchanged", error: null, firstWarnings: [{ source: null, key, what }] });
    expect(await kept()).toBe('{"autocomplete":{}}');
  });
});
