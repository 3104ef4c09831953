import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { syncSources } from "../../src/sync/run.ts";
import { dose } from "../support/dose.ts";
import { startGateway } from "../support/gateway.ts";
import { copied, iconAuthentik } from "../support/icon-authentik.ts";
import { createStore, readFixture, type TestStore } from "../support/store.ts";

const guesses = dose({ small: 2_000, large: 100_000 });
let store: TestStore;

beforeAll(async () => {
  store = await createStore();
  const authentik = iconAuthentik((await readFixture("company-2026")).results[0] as OAuthSource);
  await syncSources(store.db, authentik.options);
});

afterEach(() => vi.restoreAllMocks());

describe("guesses at icons", () => {
  it("ask the store nothing, and displace neither a list nor an icon", { timeout: 600_000 }, async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const { send, list } = startGateway(store);
    const isHit = (response: Response) => / hit\b/.test(response.headers.get("Cache-Status") ?? "");
    /** The share of hits over lists and real icons. */
    async function hitRatio() {
      const responses = [await list(), await list("page_size=2"), await list("search=e")];
      for (const slug of copied) responses.push(await send(`/icons/${slug}`));
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
      return responses.filter(isHit).length / responses.length;
    }
    expect(await hitRatio()).toBe(0);
    expect(await hitRatio()).toBe(1);
    const before = await store.requests();
    const put = vi.spyOn(Object.getPrototypeOf(await caches.open("any")), "put");
    for (let i = 0; i < guesses; i++) {
      const path = [
        "/icons/guess-",
        "/media/guess-",
        "/files/media/public/",
        "/icons/relative?theme=",
        "/icons/data?x=",
      ][i % 5];
      const { status } = await send(`${path}${i}`);
      if (status !== [404, 404, 404, 200, 200][i % 5]) expect([path, status]).toEqual([]);
    }
    expect(put).not.toHaveBeenCalled();
    expect(await store.requests()).toBe(before);
    expect(await hitRatio()).toBe(1);
  });
});
