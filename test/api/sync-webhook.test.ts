// Holds P13: docs/promises.md.

import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { versions } from "../support/authentik/documents.ts";
import { runSetUp } from "../support/authentik/run-set-up.ts";
import { startAuthentik } from "../support/authentik/stub.ts";
import {
  ask,
  authentik,
  emptyReplica,
  harness,
  hookSecret,
  list,
  logged,
  origin,
  rest,
  stores,
  tokens,
  until,
} from "../support/harness.ts";
import { problemsOf } from "../support/openapi.ts";
import { generateSources } from "../support/upstream.ts";

const hook = `${origin}/hooks/authentik`;
const wrong = "another-secret-of-the-hook-0123456789";
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

beforeAll(async () => {
  await stores.authentik.load(generateSources(20));
  await emptyReplica();
  harness.clearLogs();
});

afterEach(() => {
  authentik.intercept = undefined;
});

const post = (init: RequestInit = {}) => fetch(hook, { method: "POST", headers: bearer(hookSecret), ...init });
/** To another isolate of the same deployment. */
const postToSecond = () => ask("second", "/hooks/authentik", { method: "POST", headers: bearer(hookSecret) });

const runs = () => stores.replica.runs();

async function readNames(): Promise<string[]> {
  const response = await list("replica", "page_size=1000");
  expect(response.status).toBe(200);
  const { results } = (await response.json()) as { results: OAuthSource[] };
  return results.map(({ name }) => name);
}

const untilRead = (name: string) => until(async () => expect(await readNames()).toContain(name));

/** A run tells the cache last of all. */
const untilToldOnceARun = () =>
  until(async () => {
    const changed = (await runs()).filter(({ outcome }) => outcome === "changed");
    expect(logged().filter((line) => line === "the cache is told")).toHaveLength(changed.length);
  });

describe("a webhook between two instances", () => {
  it("brings the first list, looks again, and tells the cache once", async () => {
    expect((await post()).status).toBe(202);
    await untilRead("Source 19");
    await rest();
    const [first, ...others] = (await runs()).map(({ outcome, trigger }) => `${outcome} by ${trigger}`);
    expect(first).toBe("changed by webhook");
    expect(new Set(others)).toEqual(new Set(["unchanged by webhook"]));
    await untilToldOnceARun();
  });

  it("brings a change and an addition, whichever isolate takes the call, and tells the cache once for each run", async () => {
    const [first, ...others] = generateSources(20) as [OAuthSource, ...OAuthSource[]];
    await stores.authentik.load([{ ...first, name: "Changed upstream" }, ...others]);
    expect((await post()).status).toBe(202);
    await untilRead("Changed upstream");

    await stores.authentik.load([
      ...others,
      ...generateSources(1, "Added upstream").map((row) => ({ ...row, slug: "added" })),
    ]);
    expect((await postToSecond()).status).toBe(202);
    await untilRead("Added upstream 0");
    await untilToldOnceARun();
    await until(async () => {
      const ready = await (await ask("second", "/readyz")).json();
      expect(ready).toMatchObject({ status: "ready", sync: { trigger: "webhook" } });
      expect(problemsOf("/readyz", 200, ready)).toEqual([]);
    });
  });

  it("brings a deletion by its second look, since the event comes before the row is gone", async () => {
    await rest();
    const before = (await runs()).length;
    const [gone = "", ...others] = await readNames();
    const deletion = Promise.withResolvers<void>();
    authentik.intercept = async (pass) => {
      if ((await runs()).length > before) await deletion.promise;
      return pass();
    };
    expect((await post()).status).toBe(202);
    await until(async () => expect((await runs()).length).toBe(before + 1));
    expect(await readNames()).toContain(gone);
    await stores.authentik.load(generateSources(20).filter(({ name }) => others.includes(name)));
    deletion.resolve();
    await until(async () => expect(await readNames()).not.toContain(gone));
    await until(async () =>
      expect((await runs()).at(-1)).toMatchObject({ outcome: "changed", trigger: "webhook", removed: 1 }),
    );
    await untilToldOnceARun();
  });

  it("takes a hundred calls, to two isolates, as three runs at most, one after another, and the last state stays", async () => {
    await rest();
    const before = (await runs()).length;
    const calls = Promise.withResolvers<void>();
    // The first run has read its list before the last calls come, and is under way until they are answered.
    authentik.intercept = async (pass) => {
      const answer = await pass();
      await calls.promise;
      return answer;
    };
    const statuses = new Set<number>();
    for (let wave = 0; wave < 5; wave++) {
      await stores.authentik.load(generateSources(20, `Wave ${wave}`));
      const posts = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? post() : postToSecond()));
      for (const { status } of await Promise.all(posts)) statuses.add(status);
    }
    calls.resolve();
    expect([...statuses]).toEqual([202]);
    await untilRead("Wave 4 0");
    await rest();
    expect((await runs()).length - before).toBeLessThanOrEqual(3);
    const expected = generateSources(20, "Wave 4").map(({ name }) => name);
    expect((await readNames()).sort()).toEqual(expected.sort());
    expect(logged()).not.toContain("two runs at once");
    await untilToldOnceARun();
  });

  it.each(versions)("is what npm run authentik:setup sets up in an authentik %s, and tries", async (version) => {
    const stub = await startAuthentik(version);
    const address = new URL(hook);
    await rest();
    const before = (await runs()).length;
    const right = await runSetUp(stub, { hook: { address, secret: hookSecret } });
    expect([right.error, right.lines.at(-1)]).toEqual([
      undefined,
      `authentik's test notification was taken: ${address.href} answered 202`,
    ]);
    await until(async () => expect((await runs()).length).toBeGreaterThan(before));
    const other = await runSetUp(stub, { hook: { address, secret: wrong } });
    expect(other.error).toContain("was answered with 403: the Worker has another SYNC_HOOK_SECRET than authentik");
    const elsewhere = new URL("/hooks/authentik", authentik.origin);
    const without = await runSetUp(stub, { hook: { address: elsewhere, secret: hookSecret } });
    expect(without.error).toContain("was answered with 404: the Worker has no SYNC_HOOK_SECRET");
    await stub.close();
  });
});

describe("a stranger at the webhook", () => {
  /** Sends 20 MB. wrangler's own proxy may lose the answer to a client that is still sending; the Worker's log has it. */
  const flood = (headers: Record<string, string>) =>
    new Promise<void>((resolve) => {
      const sent = httpRequest(hook, { method: "POST", headers }, (response) => {
        response.resume();
        resolve();
      });
      sent.on("error", () => resolve());
      const chunk = Buffer.alloc(1024 * 1024, "x");
      Readable.from(
        (function* () {
          for (let i = 0; i < 20; i++) yield chunk;
        })(),
      )
        .on("error", () => {})
        .pipe(sent);
    });

  const loggedStatuses = () =>
    logged().flatMap((line) => /"path":"\/hooks\/authentik(?:\/…)*","status":(\d+)/.exec(line)?.[1] ?? []);

  it("gets the stated answer, starts no run, and leaves no secret in the log", async () => {
    await rest();
    harness.clearLogs();
    const before = (await runs()).length;
    const answers = [
      await post({ headers: {} }),
      await post({ headers: bearer(wrong) }),
      await post({ headers: bearer(wrong.repeat(100)) }),
      await post({ headers: {}, body: JSON.stringify({ secret: wrong }) }),
      await post({ headers: {}, body: `{"secret":"${hookSecret}"` }),
      await fetch(`${hook}?secret=${hookSecret}`, { method: "POST" }),
      await fetch(`${hook}?secret=${hookSecret}`, { headers: bearer(hookSecret) }),
      await fetch(`${hook}/${hookSecret}`, { method: "POST" }),
    ];
    const expected = ["403", "403", "403", "403", "403", "403", "405", "404"];
    expect(answers.map(({ status }) => String(status))).toEqual(expected);
    await until(() => expect(loggedStatuses()).toEqual(expected));

    for (const [headers, status] of [
      [{}, "413"],
      [{ "Content-Length": String(20 * 1024 * 1024) }, "413"],
      [bearer(wrong), "403"],
    ] as const) {
      await flood(headers);
      expected.push(status);
      await until(() => expect(loggedStatuses()).toEqual(expected));
    }
    await rest();
    expect((await runs()).length).toBe(before);

    expect((await post({ headers: {}, body: JSON.stringify({ secret: hookSecret }) })).status).toBe(202);
    await until(async () => expect((await runs()).length).toBeGreaterThan(before));
    for (const hidden of [hookSecret, wrong, ...Object.values(tokens)]) {
      expect(logged().join("\n")).not.toContain(hidden);
    }
  });
});
