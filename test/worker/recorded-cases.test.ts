import { beforeEach, describe, expect, inject, it, vi } from "vitest";
import { type CaseRequest, checkLoadedData, readSuite, runCase, skipReason } from "../conformance/compare.mjs";
import { createD1Store } from "../support/d1-store.ts";
import { createStore, deniedToken, readFixture, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

/** 3,564 cases in all. */
const fixtures = [
  { name: "company", count: 882, engine: "libSQL", create: createStore },
  { name: "company-2026", count: 906, engine: "D1", create: createD1Store },
  { name: "adversarial", count: 878, engine: "libSQL", create: createStore },
  { name: "many", count: 898, engine: "D1", create: createD1Store },
] as const;
type Fixture = (typeof fixtures)[number];

const readCases = async (name: string): Promise<Parameters<typeof readSuite>[0]> =>
  (await fetch(`${inject("labUrl")}/conformance/cases/${name}`)).json();

const origin = "https://edge.example";
/** Cases at the same time. */
const width = 8;

/** The cases of a fixture, below a path of a Worker that has its sources: as they come, or as hits alone. */
async function openSuites({ name, create }: Fixture) {
  const store = await create();
  await store.load(await readFixture(name));
  const file = await readCases(name);
  // Part of the key in caches, which the Workers of all fixtures share.
  const publicUrl = `https://${name}.example`;
  const worker = startWorker(store, { EDGE_CACHE: "cache-api", AUTHENTIK_URL: publicUrl, LOG_HITS: "0" });

  const exchange = async ({ method, path, headers }: CaseRequest) => {
    const response = await worker.send(path, { method, headers, redirect: "manual" });
    const { status } = response;
    return { status, headers: Object.fromEntries(response.headers), text: await response.text(), url: origin + path };
  };
  const hit = async (request: CaseRequest) => {
    const response = await exchange(request);
    const cacheStatus = response.headers["cache-status"];
    if (response.status === 200 && !cacheStatus?.includes("; hit")) throw new Error(`no hit, but ${cacheStatus}`);
    return response;
  };

  const server = { publicUrl, tokens: { token, deniedToken } };
  return {
    cold: readSuite(file, { ...server, basePath: "", exchange }),
    warm: readSuite(file, { ...server, basePath: "/api/v3", exchange: hit }),
  };
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

describe.each(fixtures)("the recorded cases of $name over $engine", (fixture) => {
  it("pass without a cache hit below one base path, and as cache hits below the other", async () => {
    const { cold, warm } = await openSuites(fixture);
    expect(await checkLoadedData(cold)).toBe("");
    expect(cold.cases).toHaveLength(fixture.count);
    const problems: string[] = [];
    const left = cold.cases.values();
    const work = async () => {
      for (const each of left) {
        const found = [skipReason(cold, each)];
        for (const suite of [cold, warm]) found.push(...(await runCase(suite, each)));
        problems.push(...found.filter(Boolean).map((problem) => `${each.id}: ${problem}`));
      }
    };
    await Promise.all(Array.from({ length: width }, work));
    expect(problems.slice(0, 20)).toEqual([]);
  });
});
