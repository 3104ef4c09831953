import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SourcesPage } from "../../src/source/source.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { runTool } from "../support/run.ts";
import { type Sqld, sqldPath, startSqld } from "../support/sqld.ts";
import { createAuth } from "../support/sqld-auth.ts";
import { fillServer, readerToken } from "../support/stores.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const count = 500;
const auth = createAuth();

describe.skipIf(!sqldPath)("a replica of sqld", () => {
  let primary: Sqld;
  let replica: Sqld;
  let dev: DevServer;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let onPrimary: Awaited<ReturnType<typeof fillServer>>;

  beforeAll(async () => {
    primary = await startSqld({ primary: "self", keyFile: auth.keyFile });
    replica = await startSqld({ primary, keyFile: auth.keyFile });
    onPrimary = await fillServer({ url: primary.url, authToken: auth.token() }, generateSources(count, "First"));
    upstream = await startUpstream();
    // Without a cache, so that every answer comes from the replica.
    const variables = { LIBSQL_URL: replica.url, LIBSQL_AUTH_TOKEN: auth.token({ a: "ro" }), EDGE_CACHE: "off" };
    dev = await startDev(["--port", "0"], variables);
    await readersSee("First");
  });

  afterAll(async () => {
    await dev.stop();
    await upstream.close();
    await replica.close();
    await primary.close();
  });

  const list = (query = `page_size=${count}`) =>
    fetch(`${dev.origin}/sources/oauth/?${query}`, { headers: { Authorization: `Bearer ${readerToken}` } });

  async function namesSeen(): Promise<string> {
    const response = await list();
    if (response.status !== 200) return String(response.status);
    const { pagination, results } = (await response.json()) as SourcesPage;
    expect(pagination.count).toBe(results.length);
    return [...new Set(results.map(({ name }) => name.split(" ")[0]))].join();
  }

  const readersSee = (names: string) => vi.waitFor(async () => expect(await namesSeen()).toBe(names), 30_000);

  /** Reads all the time. @returns ends it, and gives what was seen, one after the other */
  function watch(): () => Promise<string[]> {
    const seen: string[] = [];
    let isDone = false;
    async function read() {
      while (!isDone) {
        const names = await namesSeen();
        if (seen.at(-1) !== names) seen.push(names);
      }
    }
    const reading = read();
    return async () => {
      isDone = true;
      await reading;
      return seen;
    };
  }

  /** Makes authentik have another list, and runs a sync through the given server. */
  function sync(rows: unknown[], through: Sqld) {
    upstream.behaviour = servePages(rows);
    return runTool("sync", [], {
      ...{ LIBSQL_URL: through.url, LIBSQL_AUTH_TOKEN: auth.token() },
      ...{ AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "replica-test" },
    });
  }
  const changed = { code: 0, stdout: `added 0, changed ${count}, removed 0, unchanged 0\n` };

  it("serves readers while a sync writes through it to the primary: the old list, then the new one", async () => {
    const reading = watch();
    expect(await sync(generateSources(count, "Second"), replica)).toMatchObject(changed);
    await readersSee("Second");
    expect(await reading()).toEqual(["First", "Second"]);
    expect(await onPrimary.look()).toMatchObject({ names: "Second", count });
  });

  it("is in step again for the next sync, which finds nothing to do", async () => {
    const { revision } = await onPrimary.look();
    const again = await sync(generateSources(count, "Second"), replica);
    expect(again).toMatchObject({ code: 0, stdout: `added 0, changed 0, removed 0, unchanged ${count}\n` });
    expect((await onPrimary.look()).revision).toBe(revision + 1);
  });

  it("serves readers while the primary is dead; a sync waits for it, and is done once it is back", async () => {
    await primary.kill();
    const reading = watch();
    const syncing = sync(generateSources(count, "Third"), replica);
    await Promise.race([syncing, sleep(3_000)]);
    expect(await namesSeen()).toBe("Second");
    await primary.start();
    expect(await syncing).toMatchObject(changed);
    await readersSee("Third");
    expect(await reading()).toEqual(["Second", "Third"]);
  });

  it("can be killed: readers get a 503 then, and what was written meanwhile once it is back", async () => {
    await replica.kill();
    expect(await namesSeen()).toBe("503");
    expect(await sync(generateSources(count, "Fourth"), primary)).toMatchObject(changed);
    await replica.start();
    await readersSee("Fourth");
  });

  it("passes on a batch of 4 MiB at most: a larger change fails, changes nothing, and goes to the primary", async () => {
    const large = generateSources(count, "Large").map((row) => ({ ...row, consumer_key: "x".repeat(10_000) }));
    const failed = await sync(large, replica);
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toContain("Statement in a batch was not executed");
    expect(await onPrimary.look()).toMatchObject({ names: "Fourth" });
    expect(await sync(large, primary)).toMatchObject(changed);
    await readersSee("Large");
  });
});
