import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { readSettings } from "../src/env.ts";
import { InvalidList, readList } from "../src/oauth-sources/read-list.ts";
import { replaceSources } from "../src/oauth-sources/replace.ts";
import { runTool, UsageError } from "./command.ts";
import { showProgress } from "./progress.ts";
import { listAsSql } from "./sql.ts";
import { openStore } from "./store.ts";

const usage = `Usage: npm run db:import -- [--sql] [--allow-removals] FILE.json

Replaces the sources in the store at LIBSQL_URL by those of a file in authentik's own format, as this gives it:
  curl -H "Authorization: Bearer TOKEN" "https://authentik.example/api/v3/sources/oauth/?page_size=1000" > FILE.json
All or nothing: where a row is wrong, the first ten problems are named and the store stays as it was.
  --sql             writes to no store, and prints the SQL that would (for D1: wrangler d1 execute NAME --file)
  --allow-removals  takes a list without any sources, which removes all those in the store`;

z.config(z.locales.en());

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new Error(`cannot read ${file}: ${error.message}`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidList([`${file} is not JSON: ${(error as Error).message}`]);
  }
}

const boolean = { type: "boolean", default: false } as const;
const options = { sql: boolean, "allow-removals": boolean };

await runTool("db:import", usage, async (args) => {
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options });
  const [file, ...others] = positionals;
  if (!file || others.length > 0) throw new UsageError("name one file");
  const list = readList(await readJson(file));
  const looksLikeAccident = list.sources.length === 0 && !values["allow-removals"];
  const remedy = "where that is right, run it again with --allow-removals";
  if (values.sql) {
    if (looksLikeAccident)
      throw new Error(`${file} has no sources, and its SQL would remove all that are stored: ${remedy}`);
    process.stdout.write(listAsSql(list, Date.now()));
    return;
  }
  const { fresh, staleWhileRevalidate } = readSettings(process.env).freshness;
  const changes = await replaceSources(openStore(), list, {
    now: Date.now(),
    onProgress: showProgress("rows written"),
    approve({ removed: { length: stored } }) {
      if (!looksLikeAccident || stored === 0) return;
      throw new Error(`${file} has no sources, and the store has ${stored}: nothing was written; ${remedy}`);
    },
  });
  const { added, changed, removed, unchanged } = changes;
  console.log(`added ${added}, changed ${changed}, removed ${removed}, unchanged ${unchanged}`);
  console.error(
    `Readers may see the old list for another ${fresh + staleWhileRevalidate} s (CACHE_FRESH_SECONDS + CACHE_STALE_SECONDS), for 5 s under npm run dev.`,
  );
});
