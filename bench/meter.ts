import { drizzle } from "drizzle-orm/d1";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { Database } from "../src/db/database.ts";
import type { Store } from "../tools/store.ts";

export interface Meter {
  /** Asks the same of a copy of the store, and gives the rows that it read. */
  rowsRead: (ask: (db: Database) => Promise<unknown>) => Promise<number>;
  stop: () => Promise<void>;
}

const chunk = 1_000;
const script = "export default {}";

/**
 * Counts the rows that statements read. The engine in this process does not tell them, but the runtime's SQLite has libSQL's
 * own counter, by which hosted libSQL bills, and D1 gives it with every result: so the store is copied into a D1 database.
 */
export async function startMeter(store: Store): Promise<Meter> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "meter",
          modules: [{ type: "ESModule", path: "worker.js", contents: script }],
          compatibilityDate: "2026-10-01",
          d1Databases: ["DB"],
        },
      ],
    }),
  );
  const d1 = await miniflare.getD1Database("DB", "meter");
  const { rows: schema } = await store.$client.execute(
    "select type, name, sql from sqlite_schema where sql is not null and name not like 'sqlite%' and name not like '\\_\\_%' escape '\\'",
  );
  const create = async (isNow: (type: unknown) => boolean) => {
    for (const { type, sql } of schema) if (isNow(type)) await d1.prepare(String(sql)).run();
  };
  await create((type) => type === "table");
  for (const { name } of schema.filter(({ type }) => type === "table")) {
    // Generated columns are hidden, and cannot be written.
    const { rows: own } = await store.$client.execute(`pragma table_info(${name})`);
    const columns = own.map((column) => String(column.name));
    const { rows } = await store.$client.execute(`select ${columns.join(", ")} from ${name}`);
    const values = columns.map((_, i) => `value ->> ${i}`).join(", ");
    const insert = d1.prepare(`insert into ${name} (${columns.join(", ")}) select ${values} from json_each(?)`);
    for (let start = 0; start < rows.length; start += chunk) {
      const part = rows.slice(start, start + chunk).map((row) => columns.map((_, i) => row[i]));
      await insert.bind(JSON.stringify(part)).run();
    }
  }
  await create((type) => type !== "table");

  return {
    async rowsRead(ask) {
      let rows = 0;
      /** Drizzle asks for bare rows, with which D1 does not tell how many it has read. */
      const counting = {
        prepare: (sql: string) => ({
          bind: (...values: unknown[]) => ({
            async raw() {
              const { results, meta } = await d1
                .prepare(sql)
                .bind(...values)
                .all<Record<string, unknown>>();
              rows += meta.rows_read;
              return results.map((row) => Object.values(row));
            },
          }),
        }),
      };
      await ask(drizzle(counting as unknown as typeof d1));
      return rows;
    },
    stop: () => miniflare.dispose(),
  };
}
