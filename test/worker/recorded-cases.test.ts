import { beforeEach, describe, expect, inject, it, vi } from "vitest";
import { type CaseRequest, checkLoadedData, readSuite, runCase, skipReason } from "../conformance/compare.mjs";
import { engines } from "../support/engines.ts";
import { type AnyStore, deniedToken, readFixture, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const origin = "https://edge.example";
/** How many cases each fixture has: 3,564 in all. */
const counts = { company: 882, "company-2026": 906, adversarial: 878, many: 898 };
type Fixture = keyof typeof counts;
const fixtures = Object.keys(counts) as Fixture[];

const suites = engines.flatMap(({ engine, create }) =>
  fixtures.filter((name) => engine === "libSQL" || name === "adversarial").map((name) => ({ name, engine, create })),
);

const readCases = async (name: Fixture): Promise<Parameters<typeof readSuite>[0]> =>
  (await fetch(`${inject("labUrl")}/conformance/cases/${name}`)).json();

/** A Worker that has the sources of a fixture, and its recorded cases. */
async function startSuite(name: Fixture, create: () => Promise<AnyStore>) {
  const store = await create();
  await store.load(await readFixture(name));
  const file = await readCases(name);
  const publicUrl = `https://${name}.example`;
  const worker = startWorker(store, { EDGE_CACHE: "cache-api", AUTHENTIK_URL: publicUrl, LOG_HITS: "0" });
  const misses: string[] = [];

  async function exchange({ method, path, headers }: CaseRequest) {
    const response = await worker.send(path, { method, headers, redirect: "manual" });
    const status = response.headers.get("Cache-Status") ?? "none";
    if (response.status === 200 && !status.includes("; hit")) misses.push(`${path}: ${status}`);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
      url: origin + path,
    };
  }

  const server = { publicUrl, tokens: { token, deniedToken }, exchange };
  return {
    cases: file.cases,
    misses,
    below: (basePath: string) => readSuite(file, { ...server, basePath }),
  };
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

describe.each(suites)("the recorded cases of $name over $engine", ({ name, create }) => {
  it("are what the Worker answers out of the store and out of its cache, at both base paths", async () => {
    const { cases, misses, below } = await startSuite(name, create);
    const [mounted, bare] = [below("/api/v3"), below("")];
    expect(await checkLoadedData(mounted)).toBe("");
    expect(cases).toHaveLength(counts[name]);
    const problems: Record<string, string[]> = {};
    for (const each of cases) {
      const found = [skipReason(mounted, each), ...(await runCase(mounted, each))];
      misses.splice(0);
      for (const suite of [mounted, bare]) found.push(...(await runCase(suite, each)));
      const differences = [...found, ...misses.splice(0).map((miss) => `no hit: ${miss}`)].filter(Boolean);
      if (differences.length > 0) problems[each.id] = differences;
    }
    expect(problems).toEqual({});
  });
});
