import { symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, vi } from "vitest";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { openD1 } from "../../src/db/d1.ts";
import { syncRuns } from "../../src/db/schema.ts";
import type { Variables } from "../../src/settings.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { labStoreUrl } from "./lab-store.ts";
import { authentikUrl } from "./recorded-cases.ts";
import { temporaryFolder } from "./run.ts";
import { createFileStore } from "./sync-store.ts";
import { isOfIcons, sendIcon, startUpstream } from "./upstream.ts";

// Workers that run as deployed, all in one runtime, which this module starts once for all files that share a process.

export const tokens = {
  reader: "token-of-a-reader",
  denied: "token-that-may-view-nothing",
  authentik: "token-of-the-authentik",
};
export const hookSecret = "the-secret-of-the-hook-0123456789~+/=._A";

const readerOf = { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null } as const;

/** A store in a file, with the server by which Workers reach it. */
async function serveStore(reader: string) {
  const store = await createFileStore();
  await storeToken(store.db, reader, readerOf);
  await storeToken(store.db, tokens.denied, { ...readerOf, name: "denied", scope: "none" });
  let server = await startLibsqlBridge({ file: store.file });
  const { url } = server;
  return {
    ...store,
    url,
    stop: () => server.close(),
    async start() {
      server = await startLibsqlBridge({ file: store.file, port: Number(new URL(url).port) });
    },
  };
}

export const stores = {
  authentik: await serveStore(tokens.authentik),
  replica: await serveStore(tokens.reader),
  /** Of Workers that only read. */
  company: await serveStore(tokens.reader),
};

type Answer = Pick<Response, "status" | "text"> & { headers: { get(name: string): string | null } };

/**
 * An authentik for the others: a Worker of ours, which sends what authentik does, behind an address that is known before it
 * starts. A test may come between.
 */
export const authentik = {
  origin: "",
  intercept: undefined as ((pass: () => Promise<Answer>) => Promise<Answer>) | undefined,
};

const road = createServer((request, response) => {
  passOn(request, response).catch((error) => response.destroy(error));
});

async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = "", method = "GET", headers } = request;
  if (isOfIcons(url)) return void sendIcon(response, request);
  const body = (await text(request)) || null;
  const { authorization = "" } = headers;
  const pass = () => ask("authentik", url, { method, body, headers: { authorization } });
  const answer = await (authentik.intercept?.(pass) ?? pass());
  const type = answer.headers.get("Content-Type") ?? "";
  response.writeHead(answer.status, { "Content-Type": type }).end(await answer.text());
}

await new Promise<void>((listening) => road.listen(0, "127.0.0.1", listening));
authentik.origin = `http://127.0.0.1:${(road.address() as AddressInfo).port}`;

/** In the place of an authentik whose lists a test makes up. */
export const upstream = await startUpstream();

// The custom build of both has run: lab.ts makes the static files.
const { build: _, ...deployed } = unstable_readConfig({ config: "wrangler.toml" });

/** The folders that these name, without the .dev.vars beside them, which would go before the variables here. */
const root = temporaryFolder();
for (const folder of ["src", "public", "drizzle"]) symlinkSync(resolve(folder), join(root, folder), "junction");

/** Lists so short-lived that a test can wait for the next one. */
const shortLived = { EDGE_CACHE: "cache-api", CACHE_FRESH_SECONDS: "1", CACHE_STALE_SECONDS: "0" } as const;

const replica: Variables = {
  LIBSQL_URL: stores.replica.url,
  AUTHENTIK_SYNC_URL: authentik.origin,
  AUTHENTIK_TOKEN: tokens.authentik,
  SYNC_HOOK_SECRET: hookSecret,
};
const reader: Variables = { ...shortLived, LIBSQL_URL: stores.company.url };
const runnerOfReplica = { name: "SYNC_RUNNER", class_name: "SyncRunner", script_name: "replica" };

/** The variables of each Worker, and where its configuration is another than wrangler.toml. */
const workers = {
  replica: [{ ...replica, EDGE_CACHE: "off" }, { main: resolve("test/support/workers/replica.ts") }],
  /** Another isolate of the replica, with a cache. */
  second: [
    { ...replica, ...shortLived },
    { exports: {}, durable_objects: { bindings: [runnerOfReplica] } },
  ],
  authentik: [{ LIBSQL_URL: stores.authentik.url, EDGE_CACHE: "off" }, {}],
  company: [reader, {}],
  /** Over a store that a test may hold up, see lab.ts. */
  held: [{ ...reader, LIBSQL_URL: labStoreUrl("held") }, {}],
  storeless: [{ ...reader, LIBSQL_URL: "http://127.0.0.1:1" }, {}],
  misconfigured: [{ ...reader, CORS_ORIGINS: "none" }, {}],
  late: [{ ...reader, SYNC_MAX_AGE_SECONDS: "60" }, {}],
  limited: [reader, { ratelimits: [{ name: "TOKEN_LIMIT", namespace_id: "1", simple: { limit: 1, period: 60 } }] }],
  d1: [{ AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: tokens.authentik }, {}],
} as const satisfies Record<string, readonly [Variables, object]>;

export type WorkerName = keyof typeof workers;

/** The first of the Workers is the one at the harness's own address, with the static files. */
export const harness = createTestHarness({
  root,
  workers: Object.entries(workers).map(([name, [variables, config]]) => ({
    config: { ...deployed, ...config, name, vars: { ...deployed.vars, AUTHENTIK_URL: authentikUrl, ...variables } },
  })),
});

const { url } = await harness.listen();
export const { origin } = url;

type Init = Parameters<typeof harness.fetch>[1];

/** Asks a Worker itself; `origin` is the way through what the platform has in front of one. */
export const ask = (name: WorkerName, path: string, init?: Init) => harness.getWorker(name).fetch(path, init);

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

export const list = (name: WorkerName, query = "", token = tokens.reader, init: Init = {}) =>
  ask(name, `/sources/oauth/${query && `?${query}`}`, { ...init, headers: bearer(token) });

/** What the platform does every five minutes. */
export const runScheduled = (name: WorkerName) => harness.getWorker(name).scheduled({ cron: "*/5 * * * *" });

/** All lines that the Workers have logged since the harness was last told to forget them. */
export const logged = (): string[] => harness.getLogs().map(({ message }) => message);

/** Waits until a check holds, however long that takes where a core is busy, and fails with what it last said. */
export const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

/** Until the replica's runner has nothing to do, and nothing ahead. */
export async function rest(): Promise<void> {
  const { SYNC_RUNNER } = await harness.getWorker("replica").getEnv();
  await until(async () => expect(await SYNC_RUNNER.getByName("sync").isAtRest()).toBe(true));
}

/** Makes the replica as new, whatever another file has left. */
export async function emptyReplica(): Promise<void> {
  await rest();
  await stores.replica.load([]);
  await stores.replica.db.delete(syncRuns);
}

/** The D1 of the Worker `d1`, with its tables. */
export async function openHarnessD1() {
  await harness.getWorker("d1").applyD1Migrations("DB");
  const { DB } = await harness.getWorker("d1").getEnv();
  const db = openD1(DB);
  await storeToken(db, tokens.reader, readerOf);
  return db;
}
