import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import {
  ask,
  authentik,
  emptyReplica,
  harness,
  list,
  logged,
  rest,
  runScheduled,
  stores,
  tokens,
  until,
} from "../support/harness.ts";
import { readFixture, runTool } from "../support/run.ts";
import { generateSources } from "../support/upstream.ts";

// No icon of another host, which a run would ask for it.
const adversarial = readFixture("adversarial").results.map((source) => ({
  ...source,
  icon: source.icon?.replace("https://cdn.example/", "/media/") ?? null,
}));
const store = stores.replica;

beforeAll(async () => {
  await stores.authentik.load(adversarial);
  await emptyReplica();
  harness.clearLogs();
});

afterEach(() => {
  authentik.intercept = undefined;
});

const upstreamPage = async (query: string) => (await list("authentik", query, tokens.authentik)).text();
/** As readers have it, out of a cache. */
const page = async (query: string) => (await list("second", query)).text();

const sync = (...args: string[]) =>
  runTool("sync", args, {
    LIBSQL_URL: store.url,
    AUTHENTIK_SYNC_URL: authentik.origin,
    AUTHENTIK_TOKEN: tokens.authentik,
  });

const readiness = async () => (await ask("second", "/readyz")).json();
const lastRun = async () => (await store.runs()).at(-1);

describe("an instance that syncs with another", () => {
  it("is filled over HTTP, to the last byte, and a second run writes nothing", async () => {
    await until(async () => expect(await readiness()).toMatchObject({ status: "ready", store: "libsql" }));
    await until(async () => expect(JSON.parse(await page("page_size=1")).pagination.count).toBe(0));

    expect(await sync()).toMatchObject({ code: 0, stdout: "added 67, changed 0, removed 0, unchanged 0\n" });
    await until(async () => expect(JSON.parse(await page("page_size=1")).pagination.count).toBe(67));
    for (const query of [
      "page_size=1000",
      "page_size=1000&ordering=-slug",
      "page_size=20&page=2",
      "search=a",
      "has_jwks=1",
    ]) {
      expect(await page(query), query).toBe(await upstreamPage(query));
    }
    expect(JSON.parse(await upstreamPage("page_size=1000")).results).toHaveLength(67);

    const before = await store.shown();
    expect(await sync()).toMatchObject({ code: 0, stdout: "added 0, changed 0, removed 0, unchanged 67\n" });
    expect(await store.shown()).toEqual(before);
  });

  it("takes a change, an addition and a removal by its scheduled job, and readers see them", async () => {
    const everything = "page_size=1000&ordering=slug";
    const [changed, removed, ...others] = adversarial as [OAuthSource, OAuthSource, ...OAuthSource[]];
    const [added] = generateSources(1);
    const warm = await page(everything);
    await stores.authentik.load([{ ...changed, name: "Changed upstream" }, ...others, added]);
    expect(await upstreamPage(everything)).not.toBe(warm);
    expect(await page(everything), "nothing arrives by itself").toBe(warm);

    const revision = (await store.snapshot()).state[0]?.revision ?? 0;
    expect(await runScheduled("second")).toMatchObject({ outcome: "ok" });
    await until(async () => expect(await lastRun()).toMatchObject({ trigger: "cron", outcome: "changed" }));
    expect(await lastRun()).toMatchObject({ added: 1, changed: 1, removed: 1 });
    await until(async () => expect(await page(everything)).toBe(await upstreamPage(everything)));
    const slugs = await store.slugs();
    expect(slugs).toContain(added?.slug);
    expect(slugs).not.toContain(removed.slug);
    expect((await store.snapshot()).state[0]?.revision).toBe(revision + 1);
    await until(() => expect(logged().join("\n")).toMatch(/\{"job":"sync".*"outcome":"changed"/));
    expect(logged().filter((line) => line === "the cache is told")).toHaveLength(1);

    await until(async () =>
      expect(await readiness()).toEqual({
        status: "ready",
        store: "libsql",
        sync: { age_seconds: expect.any(Number), trigger: "cron", warnings: 0, icons: expect.any(Object) },
      }),
    );
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "authentik is down",
      async () => {
        authentik.intercept = async () => new Response("down", { status: 503 });
      },
      /answered 503/,
    ],
    [
      "authentik has lost most of its sources",
      () => stores.authentik.load(adversarial.slice(0, 20)),
      /--allow-removals/,
    ],
  ])("leaves its list, and says so in the log and in the store, where %s", async (_, fail, message) => {
    await rest();
    await fail();
    const before = await store.snapshot();
    harness.clearLogs();
    await runScheduled("replica");
    await until(async () => expect((await lastRun())?.outcome).toBe("failed"));
    expect(await store.snapshot()).toEqual(before);
    expect(await lastRun()).toMatchObject({ trigger: "cron", error: expect.stringMatching(message) });
    await until(() => expect(logged().join("\n")).toMatch(/\{"job":"sync".*"outcome":"failed"/));
    expect(logged().join("\n")).not.toContain(tokens.authentik);
    await stores.authentik.load(adversarial);
  });

  it("hands on what a newer authentik sends, byte for byte, whatever keys it has, and no secret of it", async () => {
    const newer = readFixture("company-2026");
    const secrets = {
      consumer_secret: "hunter2",
      client_private_key: "hunter2",
      nested: { smtp_password: "hunter2", kept: 1e21 },
    };
    const rows = newer.results.map((row, i) => ({
      ...row,
      forward_query_parameters: { i, list: [true, null] },
      ...secrets,
    }));
    await emptyReplica();
    await stores.authentik.load({ ...newer, results: rows });
    const { stdout, stderr } = await sync();
    expect(stdout, stderr).toBe("added 12, changed 0, removed 0, unchanged 0\n");

    const sent = await upstreamPage("page_size=1000");
    await until(async () => expect(await page("page_size=1000")).toBe(sent));
    expect(JSON.parse(sent).autocomplete).toEqual({});
    expect(JSON.parse(sent).results[0]).toMatchObject({ forward_query_parameters: { i: 0 }, nested: { kept: 1e21 } });
    const files = [stores.authentik.file, store.file].flatMap((file) => [file, `${file}-wal`]).filter(existsSync);
    for (const file of files) expect(readFileSync(file).includes("hunter2"), file).toBe(false);
  });
});
