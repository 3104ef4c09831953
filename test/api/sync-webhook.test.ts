import { writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/sources/source.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { versions } from "../support/authentik/documents.ts";
import { runSetUp } from "../support/authentik/run-set-up.ts";
import { startAuthentik } from "../support/authentik/stub.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { problemsOf } from "../support/openapi.ts";
import { temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const secret = "the-secret-of-the-hook-0123456789~+/=._A";
const wrong = "another-secret-of-the-hook-0123456789";
const tokens = { upstream: "token-of-the-upstream", replica: "token-of-the-replica" };
const authentikUrl = "http://authentik.example";

let upstream: { store: Awaited<ReturnType<typeof createFileStore>>; dev: DevServer };
let replica: { store: Awaited<ReturnType<typeof createFileStore>>; server: LibsqlBridge; dev: DevServer };
/** In the place of the platform's cache: counts how often it was told. */
let told = 0;
const stage = createServer((_, response) => {
  told++;
  response.end();
});

/** Two Workers of the same code, each an isolate of its own: the runner is the first one's, and both ask it. */
function writeWorkers(variables: Record<string, string>): string[] {
  const folder = temporaryFolder();
  const worker = join(process.cwd(), "src/worker.ts");
  const vars = Object.entries(variables).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  const common = (name: string, main: string) =>
    `name = "${name}"\nmain = ${JSON.stringify(main)}\ncompatibility_date = "2026-10-01"\n[vars]\n${vars.join("")}`;
  const binding = '[[durable_objects.bindings]]\nname = "SYNC_RUNNER"\nclass_name = "SyncRunner"\n';
  writeFileSync(
    join(folder, "first.ts"),
    `import worker, { Sources as RealSources, SyncRunner } from ${JSON.stringify(worker)};
export { SyncRunner };
export class Sources extends RealSources {
  async invalidate() {
    return (await fetch(this.env.STAGE)).ok;
  }
}
export default {
  ...worker,
  fetch: (request, env, context) =>
    request.headers.has("X-Second") ? env.SECOND.fetch(request) : worker.fetch(request, env, context),
};
`,
  );
  const configs = { first: join(folder, "first.toml"), second: join(folder, "second.toml") };
  writeFileSync(
    configs.first,
    `${common("first", "first.ts")}${binding}[exports.SyncRunner]\ntype = "durable-object"\nstorage = "sqlite"\n[[services]]\nbinding = "SECOND"\nservice = "second"\n`,
  );
  writeFileSync(configs.second, `${common("second", worker)}${binding}script_name = "first"\n`);
  return ["-c", configs.first, "-c", configs.second];
}

beforeAll(async () => {
  await new Promise<void>((resolve) => stage.listen(0, "127.0.0.1", resolve));
  const store = await createFileStore(generateSources(20));
  const dev = await startDev(["--port", "0"], {
    LIBSQL_URL: store.url,
    AUTHENTIK_URL: authentikUrl,
    DEV_TOKEN: tokens.upstream,
    EDGE_CACHE: "off",
  });
  upstream = { store, dev };

  const own = await createFileStore();
  await storeToken(own.db, tokens.replica, { name: "replica", scope: "sources:read", createdAt: 0, expiresAt: null });
  const server = await startLibsqlBridge({ file: own.file });
  const variables = {
    LIBSQL_URL: server.url,
    AUTHENTIK_URL: authentikUrl,
    AUTHENTIK_SYNC_URL: dev.origin,
    AUTHENTIK_TOKEN: tokens.upstream,
    SYNC_HOOK_SECRET: secret,
    EDGE_CACHE: "off",
  };
  const configs = writeWorkers({ ...variables, STAGE: `http://127.0.0.1:${(stage.address() as AddressInfo).port}/` });
  replica = { store: own, server, dev: await startDev(["--port", "0", ...configs], variables) };
});

afterAll(async () => {
  await replica.dev.stop();
  await upstream.dev.stop();
  await replica.server.close();
  stage.close();
});

let postedAt = Number.NEGATIVE_INFINITY;

function post(init: RequestInit = {}) {
  postedAt = Date.now();
  return fetch(`${replica.dev.origin}/hooks/authentik`, {
    method: "POST",
    headers: { Authorization: `Bearer ${secret}` },
    ...init,
  });
}

const postToSecond = () => post({ headers: { Authorization: `Bearer ${secret}`, "X-Second": "yes" } });

/** Runs begin three seconds apart at least. */
const spacingMs = 3_000;
/** What is to come at once, does within this. */
const soonMs = 5_000;
/** A second look comes ten seconds after what was posted. */
const beforeSecondLookMs = 9_000;

/** Waits for what is to come by itself, and gives how long it took, in milliseconds. */
async function until(condition: () => Promise<boolean>, withinMs: number): Promise<number> {
  const begun = performance.now();
  while (!(await condition())) {
    expect(performance.now() - begun).toBeLessThan(withinMs);
    await sleep(50);
  }
  return Math.round(performance.now() - begun);
}

const runs = () => replica.store.runs();

/** Until the second look at what was last posted is over, and the time after it: then no run is due, and the next begins at once. */
async function rest() {
  const lastStart = async () => (await runs()).at(-1)?.startedAt ?? 0;
  await until(async () => (await lastStart()) >= postedAt + 10_000, 30_000);
  await until(async () => Date.now() >= (await lastStart()) + spacingMs, 30_000);
}

/** A run tells the cache last of all. */
const isToldOnceARun = async () => told === (await runs()).filter(({ outcome }) => outcome === "changed").length;

async function readNames(): Promise<string[]> {
  const response = await fetch(`${replica.dev.origin}/sources/oauth/?page_size=1000`, {
    headers: { Authorization: `Bearer ${tokens.replica}` },
  });
  expect(response.status).toBe(200);
  const { results } = (await response.json()) as { results: OAuthSource[] };
  return results.map(({ name }) => name);
}

const isRead = (name: string) => async () => (await readNames()).includes(name);

describe("a webhook between two instances", () => {
  it("brings a change and an addition to readers within five seconds, and tells the cache once for each run", async () => {
    const [first, ...others] = generateSources(20);
    if (!first) throw new Error("there is no source");
    expect((await post()).status).toBe(202);
    console.info(`the first list: ${await until(isRead("Source 19"), soonMs)} ms`);
    await rest();
    expect((await runs()).map(({ outcome, trigger }) => [outcome, trigger])).toEqual([
      ["changed", "webhook"],
      ["unchanged", "webhook"],
    ]);
    expect(told).toBe(1);

    await upstream.store.load([{ ...first, name: "Changed upstream" }, ...others]);
    expect((await post()).status).toBe(202);
    console.info(`a change: ${await until(isRead("Changed upstream"), soonMs)} ms`);

    await upstream.store.load([
      ...others,
      ...generateSources(1, "Added upstream").map((row) => ({ ...row, slug: "added" })),
    ]);
    expect((await postToSecond()).status).toBe(202);
    console.info(`an addition: ${await until(isRead("Added upstream 0"), spacingMs + soonMs)} ms`);
    await until(isToldOnceARun, 5_000);
    const ready = await (await fetch(`${replica.dev.origin}/readyz`)).json();
    expect(ready).toMatchObject({ status: "ready", sync: { trigger: "webhook" } });
    expect(problemsOf("/readyz", 200, ready)).toEqual([]);
    await rest();
  });

  it("brings a deletion within fifteen seconds, though the event comes before the row is gone", async () => {
    const before = (await runs()).length;
    const [gone, ...others] = await readNames();
    expect((await post()).status).toBe(202);
    const posted = performance.now();
    await until(async () => (await runs()).length > before, beforeSecondLookMs);
    expect(await isRead(gone ?? "")()).toBe(true);
    await upstream.store.load(generateSources(20).filter(({ name }) => others.includes(name)));
    await until(async () => !(await isRead(gone ?? "")()), 15_000);
    console.info(`a deletion: ${Math.round(performance.now() - posted)} ms`);
    expect(performance.now() - posted).toBeLessThan(15_000);
    await until(async () => (await runs()).at(-1)?.outcome === "changed", 5_000);
    expect((await runs()).at(-1)?.trigger).toBe("webhook");
    await until(isToldOnceARun, 5_000);
  });

  it("takes a hundred calls, to two isolates, as three runs at most, and the last state stays", async () => {
    const before = (await runs()).length;
    const begun = performance.now();
    const names: string[] = [];
    const statuses = new Set<number>();
    for (let wave = 0; wave < 5; wave++) {
      const rows = generateSources(20, `Wave ${wave}`);
      await upstream.store.load(rows);
      names.splice(0, names.length, ...rows.map(({ name }) => name));
      const calls = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? post() : postToSecond()));
      for (const { status } of await Promise.all(calls)) statuses.add(status);
    }
    expect([...statuses]).toEqual([202]);
    const elapsed = performance.now() - begun;
    await until(isRead("Wave 4 0"), spacingMs + soonMs);
    await rest();
    expect((await runs()).length - before).toBeLessThanOrEqual(3 + Math.floor(elapsed / spacingMs));
    expect((await readNames()).sort()).toEqual(names.sort());
    await until(isToldOnceARun, 5_000);
  });
});

it.each(versions)("is what npm run authentik:setup sets up in an authentik %s, and tries", async (version) => {
  const authentik = await startAuthentik(version);
  const address = new URL("/hooks/authentik", replica.dev.origin);
  const before = (await runs()).length;
  postedAt = Date.now();
  const right = await runSetUp(authentik, { hook: { address, secret } });
  expect([right.error, right.lines.at(-1)]).toEqual([
    undefined,
    `authentik's test notification was taken: ${address.href} answered 202`,
  ]);
  await until(async () => (await runs()).length > before, spacingMs + soonMs);
  const other = await runSetUp(authentik, { hook: { address, secret: wrong } });
  expect(other.error).toContain("was answered with 403: the Worker has another SYNC_HOOK_SECRET than authentik");
  const elsewhere = new URL("/hooks/authentik", upstream.dev.origin);
  const without = await runSetUp(authentik, { hook: { address: elsewhere, secret } });
  expect(without.error).toContain("was answered with 404: the Worker has no SYNC_HOOK_SECRET");
  await authentik.close();
});

describe("a stranger", () => {
  /** Sends 100 MB. wrangler's own proxy may lose the answer to a client that is still sending; the Worker's log has it. */
  const flood = (headers: Record<string, string>) =>
    new Promise<void>((resolve) => {
      const url = `${replica.dev.origin}/hooks/authentik`;
      const sent = httpRequest(url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve();
      });
      sent.on("error", () => resolve());
      const chunk = Buffer.alloc(1024 * 1024, "x");
      Readable.from(
        (function* () {
          for (let i = 0; i < 100; i++) yield chunk;
        })(),
      )
        .on("error", () => {})
        .pipe(sent);
    });

  it("gets the stated answer, starts no run, and leaves no secret in the log", async () => {
    await rest();
    const [before, begin] = [(await runs()).length, replica.dev.output().length];
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    const hook = `${replica.dev.origin}/hooks/authentik`;
    const answers = [
      await post({ headers: {} }),
      await post({ headers: bearer(wrong) }),
      await post({ headers: bearer(wrong.repeat(100)) }),
      await post({ headers: {}, body: JSON.stringify({ secret: wrong }) }),
      await post({ headers: {}, body: `{"secret":"${secret}"` }),
      await fetch(`${hook}?secret=${secret}`, { method: "POST" }),
      await fetch(`${hook}?secret=${secret}`, { headers: bearer(secret) }),
      await fetch(`${hook}/${secret}`, { method: "POST" }),
    ];
    const expected = [403, 403, 403, 403, 403, 403, 405, 404];
    expect(answers.map(({ status }) => status)).toEqual(expected);

    const logged = () =>
      [
        ...replica.dev
          .output()
          .slice(begin)
          .matchAll(/"path":"\/hooks\/authentik…?","status":(\d+)/g),
      ]
        .map(([, status]) => Number(status))
        .filter((status) => status !== 202);
    await until(async () => logged().length === expected.length, 30_000);
    for (const headers of [{}, { "Content-Length": String(100 * 1024 * 1024) }, bearer(wrong)]) {
      const count = logged().length;
      await flood(headers);
      await until(async () => logged().length > count, 30_000);
    }
    expect(logged()).toEqual([...expected, 413, 413, 403]);

    expect((await post({ headers: {}, body: JSON.stringify({ secret }) })).status, "it is well after that").toBe(202);
    await until(async () => (await runs()).length > before, beforeSecondLookMs);
    expect((await runs()).length).toBe(before + 1);
    for (const hidden of [secret, wrong, ...Object.values(tokens)]) expect(replica.dev.output()).not.toContain(hidden);
  });
});

it("npm run dev has the runner and the secret, and a run that it was ended in begins anew when it starts again", async () => {
  const store = await createFileStore(generateSources(3));
  const slow = await startUpstream(() => {});
  const args = ["--port", "0", "--persist-to", temporaryFolder()];
  const variables = {
    LIBSQL_URL: store.url,
    AUTHENTIK_SYNC_URL: slow.origin,
    AUTHENTIK_TOKEN: tokens.upstream,
    SYNC_HOOK_SECRET: secret,
  };
  const first = await startDev(args, variables);
  const headers = { Authorization: `Bearer ${secret}` };
  expect((await fetch(`${first.origin}/hooks/authentik`, { method: "POST", headers })).status).toBe(202);
  await until(async () => slow.seen.length === 1, 30_000);
  await first.stop();
  expect(await store.runs()).toEqual([]);

  slow.behaviour = servePages(generateSources(4));
  const second = await startDev(args, variables);
  // A run is recorded after what it wrote.
  await until(async () => (await store.runs()).length > 0, 30_000);
  expect(await store.slugs()).toHaveLength(4);
  expect((await store.runs())[0]).toMatchObject({ outcome: "changed", trigger: "webhook", added: 1 });
  await second.stop();
  await slow.close();
});
