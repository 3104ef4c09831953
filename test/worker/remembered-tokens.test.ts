// Holds P11: docs/promises.md.

import { afterEach, describe, expect, it, vi } from "vitest";
import { Lru } from "../../src/cache/lru.ts";
import { startApp } from "../support/app.ts";
import { createStore } from "../support/store.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a token's text in an isolate's memory", () => {
  it("goes with the next token once its own verdict is of no use", async () => {
    const app = startApp(await createStore());
    const set = vi.spyOn(Lru.prototype, "set");
    const ask = (token: string) => app.send("/sources/oauth/", { Authorization: `Bearer ${token}` });
    const isKept = (token: string) =>
      set.mock.calls.some(
        ([key], i) => key === token && (set.mock.contexts[i] as Lru<unknown>).peek(key) !== undefined,
      );
    await ask("guess-1");
    const seconds = 10 + 3_600;
    app.wait(seconds - 0.001);
    await ask("guess-2");
    expect([isKept("guess-1"), isKept("guess-2")]).toEqual([true, true]);
    app.wait(0.001);
    await ask("guess-3");
    expect([isKept("guess-1"), isKept("guess-2"), isKept("guess-3")]).toEqual([false, true, true]);
  });
});
