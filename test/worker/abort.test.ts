import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { mainStore, readFixture, type TestStore, token } from "../support/store.ts";

let store: TestStore;

/** Through the runtime, as a client would: each request has a context of its own, which ends with its client. */
const list = (query: string, signal?: AbortSignal) =>
  exports.default.fetch(`https://edge.example/sources/oauth/?${query}`, {
    headers: { Authorization: `Bearer ${token}` },
    ...(signal && { signal }),
  });

beforeAll(async () => {
  store = await mainStore();
  await store.load(await readFixture("company"));
  expect((await list("page_size=1")).status).toBe(200);
});

const whenAsked = async (requests: number) => {
  while ((await store.requests()) < requests) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("a client that disconnects while its request leads a single flight", () => {
  it.each(["held", "hang"])(
    "harms neither those who joined nor those who come later (store fault: %s)",
    async (fault) => {
      await store.fault(fault);
      const query = `page_size=7&search=${fault}`;
      const before = await store.requests();
      const leader = new AbortController();
      const led = list(query, leader.signal).then(
        () => "answered",
        () => "aborted",
      );
      await whenAsked(before + 1);
      const joined = Array.from({ length: 50 }, () => list(query));
      await new Promise((resolve) => setTimeout(resolve, 20));
      leader.abort();
      expect(await led).toBe("aborted");

      const expected = fault === "slow" ? 200 : 503;
      expect(new Set((await Promise.all(joined)).map((response) => response.status))).toEqual(new Set([expected]));
      expect((await store.requests()) - before).toBe(1);
      await store.fault("none");
      expect((await list(query)).status).toBe(200);
    },
  );
});
