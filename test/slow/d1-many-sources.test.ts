import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countRequests } from "../support/large-sync.ts";
import { startMeteredD1 } from "../support/metered-d1.ts";
import { generateSources } from "../support/upstream.ts";

let d1: Awaited<ReturnType<typeof startMeteredD1>>;

beforeAll(async () => {
  d1 = await startMeteredD1();
});

afterAll(() => d1.close());

beforeEach(() => d1.empty());

// Fewer sources are in test/unit/d1-limits.test.ts.
describe("10,000 sources over D1", () => {
  it("stay within the platform's limits", () => d1.expectLoadWithinLimits(generateSources(10_000)));

  it("take a run of the sync as many requests and statements as docs/operations.md says", async () => {
    expect(await d1.countRuns(10_000)).toEqual({
      unchanged: { requests: 37, statements: 18 },
      changed: { requests: 37, statements: 103 },
    });
  });
});

describe("10,000 sources over libSQL", () => {
  it("take a run of the sync as many requests as docs/operations.md says", async () => {
    expect(await countRequests(10_000)).toEqual({ unchanged: 37, changed: 37 });
  });
});
