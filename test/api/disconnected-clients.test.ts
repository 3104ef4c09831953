// Holds P10: docs/promises.md.

import { beforeAll, describe, expect, it } from "vitest";
import { list as ask, until } from "../support/harness.ts";
import { labStoreUrl, openLabStore, token } from "../support/lab-store.ts";
import { readFixture } from "../support/run.ts";

const store = await openLabStore(labStoreUrl("held"));

const list = (query: string, signal?: AbortSignal) => ask("held", query, token, { ...(signal && { signal }) });

beforeAll(async () => {
  await store.load(readFixture("company"));
  expect((await list("page_size=1")).status).toBe(200);
});

describe("a client that disconnects while its request leads a single flight", () => {
  it.each([
    ["is held up", "held", 200],
    ["never answers", "hang", 503],
  ])("harms neither those who joined nor those who come later, where the store %s", async (_, fault, expected) => {
    await store.fault(fault);
    const query = `page_size=7&search=${fault}`;
    const before = await store.requests();
    const leader = new AbortController();
    const led = list(query, leader.signal).then(
      () => "answered",
      () => "aborted",
    );
    await until(async () => expect(await store.requests()).toBe(before + 1));
    const joined = Array.from({ length: 50 }, () => list(query));
    leader.abort();
    expect(await led).toBe("aborted");
    if (fault === "held") await store.fault("none");

    expect(new Set((await Promise.all(joined)).map(({ status }) => status))).toEqual(new Set([expected]));
    expect((await store.requests()) - before).toBe(1);
    await store.fault("none");
    expect((await list(query)).status).toBe(200);
  });
});
