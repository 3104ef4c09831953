import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { syncRuns } from "../../src/db/schema.ts";
import { readSettings } from "../../src/settings.ts";
import worker, { type Bindings, type SyncRunner } from "../../src/worker.ts";
import { createStore, type TestStore } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const path = "/hooks/authentik";
const secret = "the-secret-of-the-hook-0123456789~+/=._A";
const wrong = "another-secret-of-the-hook-0123456789";

const badToken = { detail: "Token invalid/expired", code: "authentication_failed" };
const notAuthenticated = { detail: "Authentication credentials were not provided.", code: "not_authenticated" };
const tooLarge = { detail: "The body is longer than 65536 bytes.", code: "too_large" };

let store: TestStore;
let logged: string[];
let counted: string[];
/** What the runner was asked for. */
let asked: string[];

beforeEach(async () => {
  store = await createStore();
  [logged, counted, asked] = [[], [], []];
  for (const name of ["log", "error", "warn", "info"] as const) {
    vi.spyOn(console, name).mockImplementation((...line) => logged.push(line.join(" ")));
  }
});

afterEach(() => {
  // Whatever was sent: no log has the secret, a guess at it, or a part of a body.
  expect(logged.join("\n")).not.toMatch(new RegExp(`${secret.slice(0, 12)}|${wrong.slice(0, 12)}|hunter2`));
  vi.restoreAllMocks();
});

/** In the place of the Durable Object, of which there is but one. */
const runner = (fail = false) =>
  ({
    getByName: (name: string) => ({
      request: async (trigger: string) => {
        if (fail) throw new Error("the object is overloaded");
        asked.push(`${name} ${trigger}`);
      },
    }),
  }) as unknown as DurableObjectNamespace<SyncRunner>;

const bindings = (variables: Bindings = {}): Bindings => ({
  SYNC_HOOK_SECRET: secret,
  SYNC_RUNNER: runner(),
  ADDRESS_LIMIT: {
    limit: async ({ key }) => {
      counted.push(key);
      return { success: counted.length <= 2 };
    },
  },
  ...variables,
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

function call(init: Omit<RequestInit, "cf"> = {}, variables: Bindings = {}, query = "") {
  const { send } = startWorker(store, bindings(variables));
  return send(path + query, { method: "POST", ...init });
}

/** A body without a Content-Length, which tells how much of it was read. */
function streamOf(bytes: number, text = "") {
  const seen = { bytes: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = new TextEncoder().encode(seen.bytes === 0 && text ? text : "x".repeat(16_384));
        seen.bytes += chunk.length;
        controller.enqueue(chunk);
        if (seen.bytes >= bytes) controller.close();
      },
      cancel() {
        seen.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

async function expectRefusal(response: Response, status: number, body: object) {
  expect({ status: response.status, body: await response.json() }).toEqual({ status, body });
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(asked).toEqual([]);
}

describe("POST /hooks/authentik", () => {
  it("asks the one runner for a run, and answers 202", async () => {
    const response = await call({ headers: bearer(secret), body: '{"body":"Test Notification"}' });
    expect([response.status, await response.json()]).toEqual([202, { status: "accepted" }]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(asked).toEqual(["sync webhook"]);
  });

  it("takes the secret in the body too, from an authentik that can set no header", async () => {
    const response = await call({ body: JSON.stringify({ body: "x", secret }) });
    expect(response.status).toBe(202);
    expect(asked).toEqual(["sync webhook"]);
  });

  it.each([
    ["no body", undefined],
    ["broken JSON", "{"],
    ["a body that is not UTF-8", new Uint8Array([0xff, 0xfe])],
    ["another secret in its body", JSON.stringify({ secret: wrong })],
  ])("is a 202 for a good bearer with %s: the body says nothing", async (_, body) => {
    expect((await call({ headers: bearer(secret), ...(body !== undefined && { body }) })).status).toBe(202);
    expect(asked).toEqual(["sync webhook"]);
  });

  it("reads nothing of the body of a good bearer", async () => {
    const { body, seen } = streamOf(100 * 1024 * 1024);
    expect((await call({ headers: bearer(secret), body })).status).toBe(202);
    expect(seen.bytes).toBe(0);
  });

  it.each<[string, Omit<RequestInit, "cf">, object]>([
    ["no secret at all", {}, notAuthenticated],
    ["a body without a secret", { body: "{}" }, notAuthenticated],
    ["broken JSON", { body: `{"secret":"${secret}"` }, notAuthenticated],
    ["JSON that is no object", { body: "null" }, notAuthenticated],
    ["a secret in the body that is no text", { body: JSON.stringify({ secret: [secret] }) }, notAuthenticated],
    ["a body that is not UTF-8", { body: new Uint8Array([0xff, 0xfe]) }, notAuthenticated],
    ["a wrong secret", { headers: bearer(wrong) }, badToken],
    ["the beginning of the secret", { headers: bearer(secret.slice(0, -1)) }, badToken],
    ["the secret and more", { headers: bearer(`${secret}x`) }, badToken],
    ["an empty secret", { headers: bearer("") }, notAuthenticated],
    ["a secret that is too long", { headers: bearer("x".repeat(10_000)) }, badToken],
    ["a wrong secret in the body", { body: JSON.stringify({ secret: wrong }) }, badToken],
    ["a long wrong secret in the body", { body: JSON.stringify({ secret: wrong.repeat(1_000) }) }, badToken],
    [
      "a wrong bearer beside the secret in the body",
      { headers: bearer(wrong), body: JSON.stringify({ secret }) },
      badToken,
    ],
    [
      "another scheme",
      { headers: { Authorization: `Basic ${secret}` } },
      { detail: "Unsupported authentication type", code: "authentication_failed" },
    ],
    ["a form", { body: `secret=${secret}` }, notAuthenticated],
  ])("is a 403 for %s, and no run", async (_, init, body) => {
    await expectRefusal(await call(init), 403, body);
  });

  it("never takes the secret from the query or the path", async () => {
    await expectRefusal(await call({}, {}, `?secret=${secret}&access_token=${secret}`), 403, notAuthenticated);
    await expectRefusal(await call({}, {}, `/${secret}`), 404, { detail: "Not found.", code: "not_found" });
  });

  it("is a 413 for a body of more than 64 KiB, of which it reads no more", async () => {
    const { body, seen } = streamOf(100 * 1024 * 1024, `{"secret":"${secret}","body":"`);
    await expectRefusal(await call({ body }), 413, tooLarge);
    expect(seen.bytes).toBeLessThanOrEqual(64 * 1024 + 16_384);
    expect(seen.isCancelled).toBe(true);
  });

  it("is a 413 for a body that says that it is longer, unread, whatever the secret is", async () => {
    for (const headers of [bearer(secret), bearer(wrong), {}]) {
      counted = [];
      const { body, seen } = streamOf(100 * 1024 * 1024);
      await expectRefusal(await call({ headers: { ...headers, "Content-Length": "104857600" }, body }), 413, tooLarge);
      expect(seen.bytes).toBe(0);
    }
  });

  it("takes a body of 64 KiB, and not one of a byte more", async () => {
    const json = (bytes: number) => JSON.stringify({ secret, x: "" }).replace('""', `"${"x".repeat(bytes - 60)}"`);
    const body = json(64 * 1024);
    expect(body.length).toBe(64 * 1024);
    expect((await call({ body })).status).toBe(202);
    asked = [];
    await expectRefusal(await call({ body: json(64 * 1024 + 1) }), 413, tooLarge);
  });

  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "is a 405 for %s, with an Allow of its own",
    async (method) => {
      const response = await call({ method, headers: bearer(secret) });
      expect([response.status, response.headers.get("Allow")]).toEqual([405, "POST"]);
      expect(asked).toEqual([]);
    },
  );

  it.each<[string, Bindings]>([
    ["without a secret", { SYNC_HOOK_SECRET: "" }],
    ["without a runner", { SYNC_RUNNER: undefined as unknown as DurableObjectNamespace<SyncRunner> }],
  ])("is a 404 %s, for every method", async (_, variables) => {
    for (const method of ["POST", "GET"]) {
      const response = await call({ method, headers: bearer(secret) }, variables);
      if (method === "POST") await expectRefusal(response, 404, { detail: "Not found.", code: "not_found" });
      else expect(response.status).toBe(404);
    }
  });

  it("counts calls without the secret by the client's address, and no others: one authentik sends bursts", async () => {
    const from = { "CF-Connecting-IP": "192.0.2.7" };
    for (let i = 0; i < 5; i++) expect((await call({ headers: { ...from, ...bearer(secret) } })).status).toBe(202);
    expect(counted).toEqual([]);
    expect((await call({ headers: { ...from, ...bearer(wrong) } })).status).toBe(403);
    expect((await call({ headers: from, body: JSON.stringify({ secret: wrong }) })).status).toBe(403);
    expect((await call({ headers: { ...from, ...bearer(wrong) } })).status).toBe(429);
    expect(counted).toEqual(Array(3).fill("192.0.2.7"));
    expect((await call({ headers: { ...from, ...bearer(secret) } })).status).toBe(202);
  });

  it("compares digests in constant time", async () => {
    const compared = vi.spyOn(crypto.subtle, "timingSafeEqual");
    await call({ headers: bearer(wrong) });
    await call({ headers: bearer("x") });
    const lengths = compared.mock.calls.map((pair) => pair.map((digest) => digest.byteLength));
    expect(lengths).toEqual([
      [32, 32],
      [32, 32],
    ]);
  });

  it("is a 500 where the runner cannot be asked, so that authentik calls again", async () => {
    const response = await call({ headers: bearer(secret) }, { SYNC_RUNNER: runner(true) });
    expect([response.status, await response.json()]).toEqual([
      500,
      { detail: "Internal server error.", code: "error" },
    ]);
  });
});

describe("SYNC_HOOK_SECRET", () => {
  it.each(["x".repeat(32), "Az09._~+/=-".repeat(23), secret])("may be %j", (value) => {
    expect(readSettings({ SYNC_HOOK_SECRET: value }).sync.hookSecret).toBe(value);
  });

  it.each([
    "hunter2",
    "hunter2".repeat(4),
    "hunter2".repeat(40),
    `hunter2${" ".repeat(30)}`,
    `hunter2${"é".repeat(30)}`,
    `${"x".repeat(40)}\n`,
  ])("may not be %j, which no message tells", async (value) => {
    const { problem } = readSettings({ SYNC_HOOK_SECRET: value }).sync;
    expect(problem).toMatch(/^(?!.*hunter2).*SYNC_HOOK_SECRET/s);
    expect((await call({ headers: bearer(secret) }, { SYNC_HOOK_SECRET: value })).status).toBe(500);
  });
});

describe("the cron", () => {
  const runCron = (variables: Bindings) =>
    worker.scheduled(
      createScheduledController(),
      bindings({ LIBSQL_URL: store.url, AUTHENTIK_SYNC_URL: "::", ...variables }),
    );

  it("asks the runner, and runs nothing itself", async () => {
    await runCron({ AUTHENTIK_TOKEN: "ak" });
    expect(asked).toEqual(["sync cron"]);
    expect(await store.db.select().from(syncRuns)).toEqual([]);
  });

  it("does not wake the runner without a token of authentik", async () => {
    await runCron({ AUTHENTIK_TOKEN: "" });
    expect(asked).toEqual([]);
  });

  it("runs the sync itself where no runner is bound", async () => {
    await runCron({ AUTHENTIK_TOKEN: "ak", SYNC_RUNNER: undefined as unknown as DurableObjectNamespace<SyncRunner> });
    expect(await store.db.select().from(syncRuns)).toMatchObject([{ trigger: "cron", outcome: "failed" }]);
  });
});
