import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Cached } from "../src/cache/cache.ts";
import { Lru } from "../src/cache/lru.ts";
import { memoryCache } from "../src/cache/memory.ts";
import type { StoredResponse } from "../src/cache/stored-response.ts";
import { listQuerySchema } from "../src/source/query.ts";
import { readPage } from "../src/store/page.ts";
import { replaceSources } from "../src/sync/write.ts";
import { migrateStore, openStore } from "../tools/store.ts";
import { generateSources } from "./generate.ts";

export interface Memory {
  /** Rows of a page. */
  rows: number;
  /** What 1,000 pages take, in MiB: all of them, and those that the cache in memory keeps of them. */
  all: number;
  kept: number;
}

const pages = 1_000;
const freshness = { fresh: 3_600, staleWhileRevalidate: 0, staleIfError: 0 };

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What is held more after some work than before, in MiB; what the work gives is held until then. */
async function held(work: () => Promise<unknown>): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = await work();
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  if (!kept) throw new Error("nothing was kept");
  return (after - before) / 2 ** 20;
}

/** The memory of 1,000 cached pages, in this process's V8, which is the runtime's engine too. */
export async function measureMemory(folder: string): Promise<Memory[]> {
  const db = openStore(`file:${join(folder, "memory.db")}`, undefined);
  await migrateStore(db);
  await replaceSources(db, generateSources(12 * pages), { now: Date.now() });
  const results: Memory[] = [];
  for (const rows of [12, 100]) {
    /** Pages of 100 overlap after the 120th: each is text of its own all the same. */
    const load = async (i: number): Promise<Cached<StoredResponse>> => {
      const page = 1 + (i % ((12 * pages) / rows));
      const query = listQuerySchema.parse({ page: String(page), page_size: String(rows) });
      const found = await readPage(db, query, "https://authentik.example");
      const value = { status: 200, headers: {}, body: found?.body ?? "" };
      return { value, generatedAt: Date.now(), freshness, status: "bypass" };
    };
    await load(0); // What is compiled and prepared for the first page belongs to none.
    const all = await held(async () => {
      const map = new Lru<Cached<StoredResponse>>({ entries: pages });
      for (let i = 0; i < pages; i++) map.set(`page-${i}`, await load(i));
      return map;
    });
    const kept = await held(async () => {
      const memory = memoryCache({ get: (_key, load) => load() });
      for (let i = 0; i < pages; i++)
        await memory.get(
          `page-${i}`,
          () => load(i),
          () => {},
        );
      return memory;
    });
    results.push({ rows, all, kept });
  }
  db.$client.close();
  return results;
}
