import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { Database } from "../src/db/database.ts";
import { readPage } from "../src/sources/page.ts";
import { filterNames, type ListQuery, listQuerySchema } from "../src/sources/query.ts";
import { replaceSources } from "../src/sync/write.ts";
import { migrateStore, openStore, type Store } from "../tools/store.ts";
import { generateSources } from "./generate.ts";
import { median } from "./measure.ts";
import { startMeter } from "./meter.ts";
import { say } from "./progress.ts";

export interface Growth {
  question: string;
  points: {
    /** The size of the store. */
    sources: number;
    /** For rows and count together. */
    milliseconds: number;
    /** As hosted libSQL bills them. */
    rowsRead: number;
    /** Of the rows, as JSON. */
    bytes: number;
  }[];
}

const repetitions = 9;

const read = (db: Database, query: ListQuery) => readPage(db, query, "https://authentik.example");

/** By what each is called, a query: those that look at the list as a whole, and each filter with a value that a source has. */
async function questions(db: Store, sources: number): Promise<Record<string, Record<string, string>>> {
  const page = String(Math.ceil(sources / 100));
  const asked: Record<string, Record<string, string>> = {
    "default page": {},
    "last page": { page },
    "last page, by slug": { page, ordering: "slug" },
    "search, nothing found": { search: "nobody has this" },
    "search, all found": { search: "company" },
    has_jwks: { has_jwks: "true" },
  };
  for (const name of filterNames) {
    const column = sql.raw(name);
    const [row] = await db.values<[unknown]>(
      sql`select ${column} from oauth_sources where ${column} is not null limit 1`,
    );
    if (!row) throw new Error(`no generated source has a ${name}: the filter cannot be measured`);
    asked[name] = { [name]: String(row[0]) };
  }
  return asked;
}

/** What the store needs for each question as it grows; in this process, without a network. */
export async function measureGrowth(folder: string, sizes: number[]): Promise<Growth[]> {
  const growth = new Map<string, Growth>();
  for (const sources of sizes) {
    say(`growth: ${sources.toLocaleString("en")} sources`);
    const db = openStore(`file:${join(folder, `growth-${sources}.db`)}`, undefined);
    await migrateStore(db);
    await replaceSources(db, generateSources(sources), { now: Date.now(), maxBytes: Number.POSITIVE_INFINITY });
    const meter = await startMeter(db);
    for (const [question, parameters] of Object.entries(await questions(db, sources))) {
      const query = listQuerySchema.parse(parameters);
      const times: number[] = [];
      let bytes = 0;
      for (let i = 0; i <= repetitions; i++) {
        const start = performance.now();
        const page = await read(db, query);
        if (i > 0) times.push(performance.now() - start);
        bytes = page?.body.length ?? 0;
      }
      const rowsRead = await meter.rowsRead((copy) => read(copy, query));
      const known = growth.get(question) ?? { question, points: [] };
      known.points.push({ sources, milliseconds: median(times), rowsRead, bytes });
      growth.set(question, known);
    }
    await meter.stop();
    db.$client.close();
  }
  return [...growth.values()];
}
