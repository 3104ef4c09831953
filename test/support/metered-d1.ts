import { expect } from "vitest";
import { openD1 } from "../../src/db/d1.ts";
import { readList } from "../../src/sync/list.ts";
import { syncSources } from "../../src/sync/run.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { startLocalD1 } from "./local-d1.ts";
import { recordD1, type SentStatement } from "./recorded-d1.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "./upstream.ts";

// The local D1 enforces none of the limits that the deployed one has.
const mostValues = 100;
const mostBytesOfValue = 2_000_000;
const mostBytesOfStatement = 100_000;

const bytesOf = (value: unknown) => (typeof value === "string" ? Buffer.byteLength(value) : 8);

/** A local D1 that keeps what it is sent, so that it can be held against the platform's limits. */
export async function startMeteredD1() {
  const local = await startLocalD1();
  const requests: SentStatement[][] = [];
  const db = openD1(recordD1(local.DB, requests));
  const load = (rows: unknown[]) => replaceSources(db, readList(rows), { now: Date.now() });

  async function empty() {
    await load([]);
    requests.length = 0;
  }

  function expectWithinLimits() {
    expect(requests.length).toBeGreaterThan(0);
    for (const { sql, values } of requests.flat()) {
      expect(values.length, sql).toBeLessThanOrEqual(mostValues);
      expect(bytesOf(sql), sql.slice(0, 200)).toBeLessThanOrEqual(mostBytesOfStatement);
      expect(Math.max(0, ...values.map(bytesOf)), sql).toBeLessThanOrEqual(mostBytesOfValue);
    }
  }

  async function expectLoadWithinLimits(rows: unknown[]) {
    expect(await load(rows)).toMatchObject({ added: rows.length });
    expect(await load(rows)).toMatchObject({ unchanged: rows.length });
    await load([]);
    expectWithinLimits();
  }

  /** What a run over so many sources takes, one that finds nothing new and one that finds all changed: requests to D1 and to authentik, and statements. */
  async function countRuns(size: number) {
    const upstream = await startUpstream();
    let fetched = 0;
    const count = async (name: string) => {
      const rows = generateSources(size, name);
      const pages = Array.from({ length: Math.ceil(size / 1_000) }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
      upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");
      [requests.length, fetched] = [0, 0];
      const countingFetch: typeof fetch = (...args) => {
        fetched++;
        return fetch(...args);
      };
      const run = await syncSources(db, { upstream: upstream.origin, token: "t", icons: true, fetch: countingFetch });
      expect(run.error).toBe(null);
      return { requests: fetched + requests.length, statements: requests.flat().length };
    };
    await count("Old");
    const counts = { unchanged: await count("Old"), changed: await count("New") };
    await upstream.close();
    return counts;
  }

  return { db, requests, load, empty, expectWithinLimits, expectLoadWithinLimits, countRuns, close: local.close };
}
