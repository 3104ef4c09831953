import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OAuthSource } from "../../src/sources/source.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { readFixture, runTool } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources } from "../support/upstream.ts";

const authentikUrl = "http://authentik.example";
const { results: adversarial } = readFixture("adversarial");

/** As `npm run dev` has it, where a list is fresh for 2 s, and kept in memory for 3 s at most. */
const boundMs = 5_000;

const tokens = { a: "token-of-instance-a", b: "token-of-instance-b" };

let a: { store: Awaited<ReturnType<typeof createFileStore>>; dev: DevServer };
let b: { store: Awaited<ReturnType<typeof createFileStore>>; server: LibsqlBridge; dev: DevServer };

beforeAll(async () => {
  const upstream = await createFileStore(adversarial);
  const dev = await startDev(["--port", "0"], {
    LIBSQL_URL: upstream.url,
    AUTHENTIK_URL: authentikUrl,
    DEV_TOKEN: tokens.a,
  });
  a = { store: upstream, dev };

  const store = await createFileStore();
  await storeToken(store.db, tokens.b, { name: "b", scope: "sources:read", createdAt: 0, expiresAt: null });
  const server = await startLibsqlBridge({ file: store.file });
  const sync = { LIBSQL_URL: server.url, AUTHENTIK_SYNC_URL: dev.origin, AUTHENTIK_TOKEN: tokens.a };
  b = { store, server, dev: await startDev(["--port", "0"], { ...sync, AUTHENTIK_URL: authentikUrl }) };
});

let isUpstreamUp = true;

async function stopUpstream() {
  if (isUpstreamUp) await a.dev.stop();
  isUpstreamUp = false;
}

afterAll(async () => {
  await stopUpstream();
  await b.dev.stop();
  await b.server.close();
});

async function get(instance: "a" | "b", query: string, path = "/api/v3/sources/oauth/") {
  const { dev } = instance === "a" ? a : b;
  const response = await fetch(`${dev.origin}${path}?${query}`, {
    headers: { Authorization: `Bearer ${tokens[instance]}` },
  });
  expect(response.status).toBe(200);
  return response.text();
}

const sync = () =>
  runTool("sync", [], { LIBSQL_URL: b.server.url, AUTHENTIK_SYNC_URL: a.dev.origin, AUTHENTIK_TOKEN: tokens.a });

/** What the platform does every five minutes; wrangler's own address for it, which a deployed Worker does not have. */
const runScheduled = () => fetch(`${b.dev.origin}/cdn-cgi/local/scheduled`);

async function until(condition: () => Promise<boolean>, withinMs = 20_000): Promise<number> {
  const begun = performance.now();
  while (!(await condition())) {
    expect(performance.now() - begun).toBeLessThan(withinMs);
    await sleep(50);
  }
  return performance.now() - begun;
}

const readiness = async () => (await fetch(`${b.dev.origin}/readyz`)).json();

it("fills an empty instance from another over HTTP, to the last byte; a second run writes nothing", async () => {
  expect(await readiness()).toEqual({ status: "ready" });
  expect(JSON.parse(await get("b", "page_size=1")).pagination.count).toBe(0);

  expect(await sync()).toMatchObject({ code: 0, stdout: "added 67, changed 0, removed 0, unchanged 0\n" });
  await until(async () => JSON.parse(await get("b", "page_size=1")).pagination.count === 67);
  for (const query of [
    "page_size=1000",
    "page_size=1000&ordering=-slug",
    "page_size=20&page=2",
    "search=a",
    "has_jwks=1",
  ]) {
    expect(await get("b", query), query).toBe(await get("a", query));
  }
  expect(JSON.parse(await get("a", "page_size=1000")).results).toHaveLength(67);

  const before = await b.store.snapshot();
  expect(await sync()).toMatchObject({ code: 0, stdout: "added 0, changed 0, removed 0, unchanged 67\n" });
  expect(await b.store.snapshot()).toEqual(before);
});

it("brings a change, an addition and a removal by the scheduled job, and readers see them within the bound", async () => {
  const page = async (instance: "a" | "b") => get(instance, "page_size=1000&ordering=slug");
  const [changed, removed, ...others] = adversarial as [OAuthSource, OAuthSource, ...OAuthSource[]];
  const [added] = generateSources(1);
  const warm = await page("b");
  await a.store.load([{ ...changed, name: "Changed upstream" }, ...others, added]);
  await until(async () => (await page("a")) !== warm);
  expect(await page("b"), "nothing arrives by itself").toBe(warm);

  const revision = (await b.store.snapshot()).state[0]?.revision ?? 0;
  expect((await runScheduled()).status).toBe(200);
  await until(async () => (await b.store.runs()).at(-1)?.trigger === "cron");
  const milliseconds = await until(async () => (await page("b")) !== warm, boundMs);
  console.info(`readers saw the change ${Math.round(milliseconds)} ms after the job`);
  expect(await page("b")).toBe(await page("a"));
  const slugs = await b.store.slugs();
  expect(slugs).toContain(added?.slug);
  expect(slugs).not.toContain(removed.slug);
  expect((await b.store.snapshot()).state[0]?.revision).toBe(revision + 1);
  expect((await b.store.runs()).at(-1)).toMatchObject({ outcome: "changed", added: 1, changed: 1, removed: 1 });
  await until(async () => /\{"job":"sync".*"outcome":"changed"/.test(b.dev.output()));

  await until(async () => "sync" in ((await readiness()) as object));
  expect(await readiness()).toEqual({ status: "ready", sync: { age_seconds: expect.any(Number), trigger: "cron" } });
});

it("leaves the list, and says so in the log and in the store, where the job fails", async () => {
  await stopUpstream();
  const before = await b.store.snapshot();
  expect((await runScheduled()).status).toBe(200);
  // A run asks a silent authentik four times, and begins three seconds after the one before.
  await until(async () => (await b.store.runs()).at(-1)?.outcome === "failed", 15_000);
  expect(await b.store.snapshot()).toEqual(before);
  expect((await b.store.runs()).at(-1)).toMatchObject({
    outcome: "failed",
    error: expect.stringMatching(/^the connection to .* failed/),
  });
  await until(async () => /\{"job":"sync".*"outcome":"failed"/.test(b.dev.output()));
  expect(b.dev.output()).not.toContain(tokens.a);
});

it("hands on what a newer authentik sends, byte for byte, whatever keys it has, and no secret of it", async () => {
  const page = readFixture("company-2026");
  const secrets = {
    consumer_secret: "hunter2",
    client_private_key: "hunter2",
    nested: { smtp_password: "hunter2", kept: 1e21 },
  };
  const rows = page.results.map((row, i) => ({
    ...row,
    forward_query_parameters: { i, list: [true, null] },
    ...secrets,
  }));
  const newer = await createFileStore();
  await newer.load({ ...page, results: rows });
  await storeToken(newer.db, tokens.a, { name: "a", scope: "sources:read", createdAt: 0, expiresAt: null });
  const dev = await startDev(["--port", "0"], {
    LIBSQL_URL: newer.url,
    AUTHENTIK_URL: authentikUrl,
    DEV_TOKEN: tokens.a,
  });
  const own = await createFileStore();
  const synced = await runTool("sync", [], {
    LIBSQL_URL: own.url,
    AUTHENTIK_SYNC_URL: dev.origin,
    AUTHENTIK_TOKEN: tokens.a,
  });
  expect(synced.stdout, synced.stderr).toBe("added 12, changed 0, removed 0, unchanged 0\n");
  await dev.stop();
  const replica = await startDev(["--port", "0"], {
    LIBSQL_URL: own.url,
    AUTHENTIK_URL: authentikUrl,
    DEV_TOKEN: tokens.b,
  });
  const read = async ({ origin }: DevServer, token: string) =>
    (await fetch(`${origin}/sources/oauth/?page_size=1000`, { headers: { Authorization: `Bearer ${token}` } })).text();
  const again = await startDev(["--port", "0"], {
    LIBSQL_URL: newer.url,
    AUTHENTIK_URL: authentikUrl,
    DEV_TOKEN: tokens.a,
  });
  const [one, other] = [await read(again, tokens.a), await read(replica, tokens.b)];
  await Promise.all([again.stop(), replica.stop()]);
  expect(other).toBe(one);
  expect(JSON.parse(other).autocomplete).toEqual({});
  expect(JSON.parse(other).results[0]).toMatchObject({ forward_query_parameters: { i: 0 }, nested: { kept: 1e21 } });
  for (const { file } of [newer, own]) expect(readFileSync(file).includes("hunter2")).toBe(false);
});
