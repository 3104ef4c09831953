// Holds P10: docs/promises.md.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SingleFlight } from "../../src/cache/single-flight.ts";

const never = () => new Promise<string>(() => {});

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a single flight", () => {
  it("is kept alive by the context of its leader alone, until its load has ended", async () => {
    const flights = new SingleFlight<string>();
    const load = Promise.withResolvers<string>();
    const kept = vi.fn<(promise: Promise<unknown>) => void>();
    const joined = vi.fn();
    const led = flights.run("key", () => load.promise, kept);
    const shared = flights.run("key", never, joined);
    const ended = vi.fn();
    kept.mock.calls[0]?.[0].then(ended);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(ended).not.toHaveBeenCalled();
    load.resolve("loaded");
    expect(await Promise.all([led, shared])).toEqual([
      { value: "loaded", collapsed: false },
      { value: "loaded", collapsed: true },
    ]);
    expect([kept.mock.calls.length, ended.mock.calls.length, joined.mock.calls.length]).toEqual([1, 1, 0]);
  });

  it("that hangs, as that of a cancelled request may, ends for all after 10 s, and delays nobody after them", async () => {
    const flights = new SingleFlight<string>();
    const waiting = Array.from({ length: 3 }, () =>
      expect(flights.run("key", never, () => {})).rejects.toThrow("10000 ms"),
    );
    await vi.advanceTimersByTimeAsync(9_999);
    expect(flights.has("key")).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(waiting);
    expect(
      await flights.run(
        "key",
        async () => "new",
        () => {},
      ),
    ).toEqual({ value: "new", collapsed: false });
  });

  it("whose load fails fails for all, and the context that keeps it alive sees no rejection", async () => {
    const flights = new SingleFlight<string>();
    const kept: Promise<unknown>[] = [];
    const fail = () => Promise.reject(new Error("refused"));
    const waiting = [1, 2].map(() =>
      expect(flights.run("key", fail, (work) => kept.push(work))).rejects.toThrow("refused"),
    );
    await Promise.all(waiting);
    expect(await Promise.all(kept)).toEqual([undefined]);
    expect(flights.has("key")).toBe(false);
  });
});
