// Holds P5: docs/promises.md.

import { beforeAll, describe, expect, it } from "vitest";
import { readAnswer } from "../../bench/soak/answer.ts";
import { compareAnswers, type Ways } from "../../bench/soak/compare.ts";
import { hostileRequests } from "../../bench/soak/hostile-requests.ts";
import type { Bindings } from "../../src/worker.ts";
import { dose, seed } from "../support/dose.ts";
import { createStore, readFixture, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let request: (number: number) => string;
let ways: Ways;

beforeAll(async () => {
  const adversarial = await readFixture("adversarial");
  const store = await createStore();
  await store.load(adversarial);
  request = hostileRequests(seed, adversarial.results);
  const askWorker = (EDGE_CACHE: Bindings["EDGE_CACHE"]) => {
    const worker = startWorker(store, { EDGE_CACHE });
    return async (path: string) =>
      readAnswer(await worker.send(path, { headers: { Authorization: `Bearer ${token}` } }));
  };
  const cached = askWorker("cache-api");
  ways = { uncached: askWorker("off"), cached, stored: cached };
});

/** `npm run soak` sends a hundred thousand, in Node. */
const count = dose({ small: 250, large: 1_500 });

describe("random and hostile queries", () => {
  it("get no 5xx, and one answer whether it is cached or not, at both base paths", async () => {
    const { statuses, faults } = await compareAnswers(ways, { request, from: 0, count });
    expect(faults).toEqual([]);
    for (const status of [200, 400, 404]) expect(statuses.get(status), `of ${status}`).toBeGreaterThan(count / 50);
  });

  it("are determined by seed and number", async () => {
    const { results } = await readFixture("adversarial");
    const paths = (seed: number) => Array.from({ length: 100 }, (_, number) => hostileRequests(seed, results)(number));
    expect(paths(1)).toEqual(paths(1));
    expect(new Set([...paths(1), ...paths(2)]).size).toBeGreaterThan(180);
  });

  it.each<[string, RegExp, Partial<Ways>]>([
    ["a 5xx", /the status is 500/, { uncached: async () => readAnswer(new Response("{}", { status: 500 })) }],
    [
      "another cached answer",
      /with a cache: 200 .*\n {2}without one: 200 /,
      { cached: () => ways.uncached("/sources/oauth/?page_size=1") },
    ],
    ["a repeated answer that is no hit", /no hit, but .*fwd=bypass/, { cached: (path) => ways.uncached(path) }],
    [
      "another answer below /api/v3",
      /below \/api\/v3: 404 /,
      { stored: () => ways.uncached("/sources/oauth/?page=9") },
    ],
    [
      "a body without a code",
      /form of a 400/,
      {
        uncached: async () =>
          readAnswer(Response.json({ page: ["x"] }, { status: 400, headers: { "Cache-Control": "no-store" } })),
      },
    ],
  ])("are reported with number and URL for %s", async (_, fault, broken) => {
    const whole = () => "/sources/oauth/?page_size=2";
    const { faults } = await compareAnswers({ ...ways, ...broken }, { request: whole, from: 7, count: 1 });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults[0]).toMatch(/^request 7: .*\n {2}https:\/\/edge\.example\/sources\/oauth\/\?page_size=2$/s);
  });
});
