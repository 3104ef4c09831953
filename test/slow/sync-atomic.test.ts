import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import type { SourcesPage } from "../../src/sources/source.ts";
import { syncSources } from "../../src/sync/run.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { outcomeOf, runTool, spawnTool } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

const count = 10_000;
/** Ten pages, walked twice. */
const requestsOfWalks = 20;
const kills = 20;

const pagesOf = (name: string, size = count) => {
  const rows = generateSources(size, name);
  return Array.from({ length: Math.ceil(size / 1_000) }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
};
const versions = { Old: pagesOf("Old"), New: pagesOf("New") };

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let server: LibsqlBridge;
let dev: DevServer | undefined;
/** Told when the last page of the second walk has been sent: from then on, the store is written to. */
let onLastPage = () => {};

beforeAll(async () => {
  store = await createFileStore(generateSources(count, "Old"));
  await storeToken(store.db, "reader", { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null });
  upstream = await startUpstream();
  serve("New");
  server = await startLibsqlBridge({ file: store.file });
});

afterAll(async () => {
  await dev?.stop();
  await upstream.close();
  await server.close();
});

function serve(version: keyof typeof versions) {
  upstream.seen.length = 0;
  upstream.behaviour = (response, { page, number }) => {
    sendJson(response, versions[version][page - 1] ?? "");
    if (number === requestsOfWalks) onLastPage();
  };
}

const variables = () => ({ AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "t" });

const untilLastPage = () =>
  new Promise<void>((resolve) => {
    onLastPage = resolve;
  });

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe(`${count} sources`, () => {
  it(`are the old list or the new one after a SIGKILL, at ${kills} random moments`, async () => {
    const hash = async () => {
      const { sources, types, state } = await store.snapshot();
      expect(sources).toHaveLength(count);
      const names = new Set(sources.map(({ name }) => String(name).split(" ")[0]));
      const digest = createHash("sha256")
        .update(JSON.stringify([sources, types]))
        .digest("hex");
      return { digest, names: [...names].join(), revision: state[0]?.revision };
    };
    const tool = { ...variables(), LIBSQL_URL: store.url };
    const old = await hash();
    const written = untilLastPage();
    const begun = performance.now();
    const whole = outcomeOf(spawnTool("sync", [], tool));
    await written;
    const walkMs = performance.now() - begun;
    expect(await whole).toMatchObject({ code: 0, stdout: `added 0, changed ${count}, removed 0, unchanged 0\n` });
    const writeMs = performance.now() - begun - walkMs;
    const known = { [old.names]: old.digest, [(await hash()).names]: (await hash()).digest };
    expect(Object.keys(known)).toEqual(["Old", "New"]);

    const moments: string[] = [];
    let before = await hash();
    for (let i = 0; i < kills; i++) {
      serve(before.names === "Old" ? "New" : "Old");
      const lastPage = untilLastPage();
      const child = spawnTool("sync", [], tool);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const isInWalk = i % 5 === 4;
      const delay = Math.random() * (isInWalk ? walkMs : writeMs * 1.1);
      if (!isInWalk) await lastPage;
      await sleep(delay);
      child.kill("SIGKILL");
      await ended;
      const after = await hash();
      const moment = `${isInWalk ? "walk" : "write"} +${Math.round(delay)} ms: ${after.names}`;
      expect(after.digest, moment).toBe(known[after.names]);
      expect(after.revision, moment).toBe((before.revision ?? 0) + (after.names === before.names ? 0 : 1));
      moments.push(`${moment}${after.names === before.names ? "" : " (written)"}`);
      before = after;
    }
    console.info(`walk ${Math.round(walkMs)} ms, write ${Math.round(writeMs)} ms\n${moments.join("\n")}`);
    serve(before.names === "Old" ? "New" : "Old");
    expect((await runTool("sync", [], tool)).stdout).toBe(`added 0, changed ${count}, removed 0, unchanged 0\n`);
  }, 600_000);

  it("can be read while they are replaced: never half, and within a second on a machine that is not busy", async () => {
    const remote = { ...variables(), LIBSQL_URL: server.url };
    dev = await startDev(["--port", "0"], { LIBSQL_URL: server.url, EDGE_CACHE: "off" });
    const { origin } = dev;
    const headers = { Authorization: "Bearer reader" };
    async function ask(page: number) {
      const begun = performance.now();
      const response = await fetch(`${origin}/sources/oauth/?page_size=1000&page=${page}`, { headers });
      expect(response.status).toBe(200);
      return { list: (await response.json()) as SourcesPage, ms: performance.now() - begun };
    }
    await ask(1);
    let calm = 0;
    for (const page of [2, 3, 4]) calm = Math.max(calm, (await ask(page)).ms);

    const seen = new Map<string, number>();
    let slowest = 0;
    let isDone = false;
    async function read() {
      for (let page = 1; !isDone; page = (page % 10) + 1) {
        const { list, ms } = await ask(page);
        const { pagination, results } = list;
        slowest = Math.max(slowest, ms);
        expect(pagination.count).toBe(count);
        const names = [...new Set(results.map(({ name }) => name.split(" ")[0]))].join();
        seen.set(names, (seen.get(names) ?? 0) + 1);
      }
    }
    const now = String((await store.snapshot()).sources[0]?.name).split(" ")[0];
    serve(now === "Old" ? "New" : "Old");
    const readers = Promise.all([read(), read()]);
    try {
      const { code, stderr } = await outcomeOf(spawnTool("sync", [], remote));
      expect(code, stderr).toBe(0);
      // A reader that fails ends the wait as well.
      await Promise.race([readers, vi.waitFor(() => expect(seen.size).toBe(2), 10_000)]);
    } finally {
      isDone = true;
      await readers;
    }
    console.info(`slowest read ${Math.round(slowest)} ms; reads by what they saw: ${JSON.stringify([...seen])}`);
    expect(slowest).toBeLessThan(Math.max(1_000, 10 * calm));
    expect([...seen.keys()].sort()).toEqual(["New", "Old"]);
  });
});

describe("the requests of a run, as README.md counts them against the platform's limits,", () => {
  it.each([
    [10, { unchanged: 6, changed: 7 }],
    [1_000, { unchanged: 7, changed: 8 }],
    [10_000, { unchanged: 35, changed: 36 }],
  ])("are these for %d sources", async (size, expected) => {
    const file = await createFileStore();
    const own = await startLibsqlBridge({ file: file.file });
    let requests = 0;
    const counting: typeof fetch = (...args) => {
      requests++;
      return fetch(...args);
    };
    const counted = async (name: string) => {
      const pages = pagesOf(name, size);
      upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");
      requests = 0;
      const run = await syncSources(openLibsql({ url: own.url, fetch: counting }), {
        upstream: upstream.origin,
        token: "t",
        fetch: counting,
      });
      expect(run.error).toBe(null);
      return requests;
    };
    await counted("Old");
    expect({ unchanged: await counted("Old"), changed: await counted("New") }).toEqual(expected);
    await own.close();
  });
});
