import { readFileSync } from "node:fs";
import type { AnyD1Database } from "drizzle-orm/d1";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { memoryCache, memoryStorage } from "../../src/cache/memory.ts";
import { swrCache } from "../../src/cache/swr.ts";
import { openD1 } from "../../src/db/d1.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { readSettings } from "../../src/settings.ts";
import { readStore } from "../../src/store/routes.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { startLocalD1 } from "../support/local-d1.ts";

/** Of the fixture `many`: 300 sources. */
const questions = [
  "",
  "?page_size=20&page=3",
  "?ordering=-slug",
  "?ordering=provider_type,-name&page_size=20",
  "?search=git",
  "?search=git+hub",
  "?enabled=true&page_size=20",
  "?has_jwks=true",
  "?provider_type=github&page_size=20",
  "?name=GitHub",
  "?slug=github",
  "?page=99",
  "github/",
  "source_types/",
  "?page=0",
];

interface Sent {
  sql: string;
  rows: number;
}

const many: unknown = JSON.parse(readFileSync("test/conformance/fixtures/many.json", "utf8"));
const token = "reader";
const start = Date.UTC(2026, 0, 1);

let local: Awaited<ReturnType<typeof startLocalD1>>;

beforeAll(async () => {
  local = await startLocalD1();
  await replaceSources(local.db, readList(many), { now: start });
  await storeToken(local.db, token, { name: "reader", scope: "sources:read", createdAt: 0, expiresAt: null });
});

afterAll(() => local.close());

/** D1 with an account of what it is asked, and of the rows that it says it has read. */
function meterD1(isDown: () => boolean, sent: Sent[]): AnyD1Database {
  const statementOf = (sql: string, values: unknown[]) => {
    const real = () => local.DB.prepare(sql).bind(...values);
    async function account(): Promise<void> {
      const { meta } = isDown() ? { meta: { rows_read: 0 } } : await real().all();
      sent.push({ sql: sql.replace(/\s+/g, " "), rows: meta.rows_read });
      if (isDown()) throw new Error("D1_ERROR: out of order");
    }
    return {
      bind: (...given: unknown[]) => statementOf(sql, given),
      async raw() {
        await account();
        return real().raw();
      },
      async all() {
        await account();
        return real().all();
      },
    };
  };
  return { prepare: (sql: string) => statementOf(sql, []) } as unknown as AnyD1Database;
}

function startGateway() {
  const sent: Sent[] = [];
  const state = { now: start, isDown: false };
  const now = () => state.now;
  const settings = readSettings({ AUTHENTIK_URL: "https://authentik.example", LOG_HITS: "0" });
  const DB = meterD1(() => state.isDown, sent);
  const gateway = createGateway({
    settings,
    store: "d1",
    read: (key) => readStore(key, { ...settings, database: () => openD1(DB), now }),
    limits: {},
    requestSync: undefined,
    cache: memoryCache(swrCache({ storage: memoryStorage({ entries: 100 }), now }), { now }),
    now,
  });

  /** The statements that a request sends, in the background too. */
  async function ask(path: string): Promise<Sent[]> {
    sent.length = 0;
    const kept: Promise<unknown>[] = [];
    const request = new Request(`https://edge.example/sources/oauth/${path}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const context = { waitUntil: (work: Promise<unknown>) => kept.push(work) } as unknown as ExecutionContext;
    await gateway.fetch(request as Parameters<typeof gateway.fetch>[0], {}, context);
    while (kept.length > 0) await kept.pop();
    return [...sent];
  }
  return { ask, state };
}

/** What caches have when a question is asked, and how the store is. */
async function ways(question: string): Promise<Record<string, Sent[]>> {
  const { ask, state } = startGateway();
  const allCold = await ask(question);
  const warm = await ask(question);
  state.now += 40_000;
  const stale = await ask(question);
  state.now += 40_000;
  state.isDown = true;
  const storeDown = await ask(question);
  const other = startGateway();
  await other.ask("?page_size=1");
  return { "all cold": allCold, "cold page": await other.ask(question), warm, stale, "store down": storeDown };
}

describe("the statements that go to the store", () => {
  it("are those of store-requests.json, with the rows that D1 reads for them: --update writes it anew", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    const numbers = new Map<string, string>();
    const numberOf = (sql: string) => {
      const number = numbers.get(sql) ?? `statement ${numbers.size + 1}`;
      numbers.set(sql, number);
      return number;
    };
    const requests: Record<string, Record<string, string>> = {};
    for (const question of questions) {
      const cells = Object.entries(await ways(question)).map(([way, sent]) => [
        way,
        sent.map(({ sql, rows }) => `${numberOf(sql)} (${rows} rows)`).join(", "),
      ]);
      requests[`/sources/oauth/${question}`] = Object.fromEntries(cells);
    }
    const statements = Object.fromEntries([...numbers].map(([sql, number]) => [number, sql]));
    const text = `${JSON.stringify({ requests, statements }, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot("store-requests.json");
    vi.restoreAllMocks();
  });
});
