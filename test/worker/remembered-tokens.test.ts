import { afterEach, expect, it, vi } from "vitest";
import { Lru } from "../../src/cache/lru.ts";
import { startApp } from "../support/app.ts";
import { createStore, token } from "../support/store.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("no token of a prepared reply stays in memory for longer than the reply is of use", async () => {
  const app = startApp(await createStore());
  const set = vi.spyOn(Lru.prototype, "set");
  const remembered = () =>
    set.mock.calls.flatMap(([key], i) =>
      key.includes(token) ? [{ key, map: set.mock.contexts[i] as Lru<unknown> }] : [],
    );
  await app.list("page_size=1");
  app.wait(2.999);
  await app.list("page_size=2");
  app.wait(0.001);
  await app.list("page_size=3");
  const kept = remembered().map(({ key, map }) => [key.split("?")[1], map.get(key) !== undefined]);
  expect(kept).toEqual([
    ["page_size=1", false],
    ["page_size=2", true],
    ["page_size=3", true],
  ]);
});
