import { join } from "node:path";
import { findSources } from "../src/oauth-sources/find.ts";
import { listQuerySchema } from "../src/oauth-sources/list-query.ts";
import { replaceSources } from "../src/oauth-sources/replace.ts";
import { migrateStore, openStore } from "../tools/store.ts";
import { generateSources } from "./generate.ts";
import { median } from "./measure.ts";

export interface Growth {
  question: string;
  /** For each size of the store: the time that it takes for rows and count, in milliseconds, and the bytes of the rows. */
  points: { sources: number; milliseconds: number; bytes: number }[];
}

const repetitions = 9;

/** @param count of sources in the store */
const questions = (count: number): Record<string, Record<string, string>> => ({
  "default page": {},
  "exact slug": { slug: "company-nobody-1" },
  "provider_type, an eighth": { provider_type: "okta" },
  consumer_key: { consumer_key: "key-7" },
  "enabled, a tenth": { enabled: "false" },
  "additional_scopes, none": { additional_scopes: "nothing" },
  "search, nothing found": { search: "nobody has this" },
  "search, all found": { search: "company" },
  "last page": { page: String(Math.ceil(count / 100)) },
  "last page, by slug": { page: String(Math.ceil(count / 100)), ordering: "slug" },
});

/** What the store needs for each question as it grows; in this process, without a network. */
export async function measureGrowth(folder: string, sizes: number[]): Promise<Growth[]> {
  const growth = new Map<string, Growth>();
  for (const sources of sizes) {
    const db = openStore(`file:${join(folder, `growth-${sources}.db`)}`, undefined);
    await migrateStore(db);
    await replaceSources(db, generateSources(sources), { now: Date.now() });
    for (const [question, parameters] of Object.entries(questions(sources))) {
      const query = listQuerySchema.parse(parameters);
      const times: number[] = [];
      let bytes = 0;
      for (let i = 0; i <= repetitions; i++) {
        const start = performance.now();
        const { rows } = await findSources(db, query);
        if (i > 0) times.push(performance.now() - start);
        bytes = JSON.stringify(rows).length;
      }
      const known = growth.get(question) ?? { question, points: [] };
      known.points.push({ sources, milliseconds: median(times), bytes });
      growth.set(question, known);
    }
    db.$client.close();
  }
  const table = [...growth.values()];
  console.log(`\n| question | ${sizes.map((size) => `${size} sources`).join(" | ")} |`);
  console.log(`|---|${sizes.map(() => "---").join("|")}|`);
  for (const { question, points } of table) {
    console.log(`| ${question} | ${points.map(({ milliseconds }) => `${milliseconds.toFixed(2)} ms`).join(" | ")} |`);
  }
  return table;
}
