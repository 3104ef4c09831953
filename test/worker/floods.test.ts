import { Hono } from "hono";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { renderError } from "../../src/http/errors.ts";
import type { RateLimiter } from "../../src/http/rate-limit.ts";
import { webhook } from "../../src/http/webhook.ts";
import { searchLimits } from "../../src/sources/search.ts";
import { createStore, readFixture, type TestStore, token } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

let store: TestStore;

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a search", () => {
  const { characters, items } = searchLimits;
  const terms = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(" ");
  const search = (text: string) => startWorker(store).list(new URLSearchParams({ search: text }).toString());

  it("may have as many terms and characters as the contract says", async () => {
    for (const text of [terms(items), "x".repeat(characters), "e ".repeat(characters / 2), ` , ${terms(items)}\0`]) {
      expect((await search(text)).status).toBe(200);
    }
  });

  it.each([
    ["terms", terms(items + 1)],
    ["characters", "x".repeat(characters + 1)],
    ["repetitions", "e ".repeat(characters)],
  ])("of more %s asks the store nothing, and is a 400 that says so", async (_, text) => {
    const message = `Ensure this value has at most ${items} terms and ${characters} characters.`;
    await startWorker(store).list();
    const before = await store.requests();
    const response = await search(text);
    expect([response.status, await response.json()]).toEqual([400, { search: [message], code: "invalid" }]);
    expect(await store.requests()).toBe(before + 1);
  });
});

describe("a rate limit that fails", () => {
  const failures: [string, () => Promise<never>][] = [
    ["rejects", () => Promise.reject(new Error("the limit is gone"))],
    [
      "throws",
      () => {
        throw new Error("the limit is gone");
      },
    ],
  ];

  it.each(failures)("limits nothing where it %s, and is logged", async (_, limit) => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const worker = startWorker(store, { TOKEN_LIMIT: { limit }, ADDRESS_LIMIT: { limit } });
    expect((await worker.list()).status).toBe(200);
    const guess = await worker.send("/sources/oauth/", { headers: { Authorization: "Bearer guess" } });
    expect(guess.status).toBe(403);
    expect(error.mock.calls.flat()).toContain("a rate limit was not asked: the limit is gone");
    expect(error.mock.calls.flat().join()).not.toContain(token);
  });
});

describe("the webhook", () => {
  const secret = "the-secret-of-the-hook-0123456789";
  const startHook = (limiter?: RateLimiter) => {
    const onCall = vi.fn(async () => {});
    const app = new Hono().onError(renderError).all("/", webhook({ secret, onCall, limiter }));
    const call = (init: RequestInit) => Promise.resolve(app.request("/", { method: "POST", ...init }));
    return { onCall, call };
  };

  it("waits for a body no longer than ten seconds, and counts it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const keys: string[] = [];
    const { call, onCall } = startHook(async (key) => keys.push(key) > 0);
    let isAsked: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    // Nothing but its beginning ever comes.
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`{"secret":"${secret}",`)),
      pull: () => isAsked(),
    });
    const response = call({ body, headers: { "CF-Connecting-IP": "192.0.2.7" } });
    await asked;
    await vi.advanceTimersByTimeAsync(9_999);
    expect(keys).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([(await response).status, await (await response).json()]).toEqual([
      408,
      { detail: "The body did not end within 10 s.", code: "timeout" },
    ]);
    expect(keys).toEqual(["192.0.2.7"]);
    expect(onCall).not.toHaveBeenCalled();
  });

  it.each<[string, RequestInit]>([
    ["no secret", {}],
    ["broken JSON", { body: "{" }],
    ["a body that is not UTF-8", { body: new Uint8Array([0xff]) }],
    ["a body that is too long", { body: "x".repeat(65 * 1024) }],
    ["a body that says that it is too long", { body: "x", headers: { "Content-Length": "70000" } }],
    ["a wrong secret", { headers: { Authorization: "Bearer wrong" } }],
    ["another scheme", { headers: { Authorization: "Basic wrong" } }],
  ])("counts a call with %s by its address, and is a 429 beyond the limit", async (_, init) => {
    const keys: string[] = [];
    const { call } = startHook(async (key) => keys.push(key) < 3);
    const headers = { ...init.headers, "CF-Connecting-IP": "2001:db8::1" };
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await call({ ...init, headers })).status);
    expect(statuses).toEqual([expect.any(Number), statuses[0], 429]);
    expect(statuses[0]).toBeOneOf([403, 413]);
    expect(keys).toEqual(Array(3).fill("2001:db8:0:0::/64"));
  });

  it.each(["Basic cHJveHk6cHc=", "Digest username=proxy", "Token", "Negotiate x"])(
    "takes the secret of the body beside a proxy's Authorization: %s",
    async (Authorization) => {
      const { call, onCall } = startHook();
      const send = (given: string) => call({ headers: { Authorization }, body: JSON.stringify({ secret: given }) });
      expect((await send(secret)).status).toBe(202);
      expect(onCall).toHaveBeenCalledTimes(1);
      expect((await send("wrong")).status).toBe(403);
      expect(onCall).toHaveBeenCalledTimes(1);
    },
  );
});
