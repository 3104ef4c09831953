import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { expect, it, onTestFinished, vi } from "vitest";
import { memoryCache, memoryStorage } from "../../src/cache/memory.ts";
import { swrCache } from "../../src/cache/swr.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { readSettings } from "../../src/settings.ts";
import { readStore } from "../../src/store/routes.ts";
import { syncSources } from "../../src/sync/run.ts";
import { listRuns } from "../../src/sync/runs.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { drawOutage, type Minute } from "../support/outage-picture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const fixture: { results: { name: string }[] } = JSON.parse(
  readFileSync("test/conformance/fixtures/company.json", "utf8"),
);

/** The hour of the picture: in which minutes authentik is down, and in which the cron runs. */
const [length, downFrom, downTo] = [60, 20, 45];
const isCron = (minute: number) => minute % 5 === 3;

it("answers in each minute of an outage of authentik, which docs/pictures/outage.svg shows: --update draws it anew", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const client = createClient({ url: `file:${join(temporaryFolder(), "store.db")}` });
  onTestFinished(() => client.close());
  const db = drizzle({ client });
  await migrate(db, { migrationsFolder: "drizzle" });
  const clock = { now: Date.UTC(2026, 0, 1) };
  const now = () => clock.now;
  await storeToken(db, "reader", { name: "x", scope: "sources:read", createdAt: 0, expiresAt: null });
  const authentik = { isDown: false, sources: fixture.results };
  const fetch = async (input: string | URL | Request) => {
    if (authentik.isDown) throw new TypeError("fetch failed");
    if (String(input).includes("source_types")) return new Response(null, { status: 404 });
    return Response.json({ ...fixture, pagination: { count: authentik.sources.length, current: 1, total_pages: 1 } });
  };
  const upstream = "https://authentik.example";
  const sync = () =>
    syncSources(db, { upstream, token: "t", trigger: "cron", fetch, now, wait: async () => {}, random: () => 0 });
  const settings = readSettings({ AUTHENTIK_URL: upstream, LOG_HITS: "0" });
  const gateway = createGateway({
    settings,
    store: "libsql",
    read: (key) => readStore(key, { ...settings, database: () => db, now }),
    limits: {},
    requestSync: undefined,
    cache: memoryCache(swrCache({ storage: memoryStorage({ entries: 100 }), now }), { now }),
    now,
  });
  const context = { waitUntil: () => {} } as unknown as ExecutionContext;
  const headers = { Authorization: "Bearer reader" };
  const readReplica = () =>
    gateway.fetch(
      new Request("https://edge.example/sources/oauth/", { headers }) as Parameters<typeof gateway.fetch>[0],
      {},
      context,
    );

  await sync();
  const minutes: Minute[] = [];
  let seenAfter: number | undefined;
  for (let minute = 0; minute < length; minute++) {
    authentik.isDown = minute >= downFrom && minute < downTo;
    const [first] = authentik.sources;
    if (minute === downTo && first) first.name = "Renamed";
    if (isCron(minute)) await sync();
    const replica = await readReplica();
    if ((await replica.text()).includes("Renamed")) seenAfter ??= minute - downTo;
    const direct = await fetch(upstream).then(
      ({ status }) => status,
      () => 0,
    );
    minutes.push({ authentik: direct, replica: replica.status });
    clock.now += 60_000;
  }

  expect(new Set(minutes.map(({ replica }) => replica))).toEqual(new Set([200]));
  expect(minutes.filter(({ authentik }) => authentik !== 200)).toHaveLength(downTo - downFrom);
  expect((await listRuns(db, length)).runs.filter(({ outcome }) => outcome === "failed")).toHaveLength(5);
  await expect(drawOutage(minutes, seenAfter ?? Number.NaN)).toMatchFileSnapshot("../../docs/pictures/outage.svg");
  vi.restoreAllMocks();
});
