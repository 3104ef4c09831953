import { parseArgs } from "node:util";
import type { WritableDatabase } from "../src/db/database.ts";
import { type Changes, countChanges } from "../src/sync/difference.ts";
import { type CopyOptions, copyIcons } from "../src/sync/icons/copy.ts";
import { parseJson } from "../src/sync/json.ts";
import { readList, type SourceList } from "../src/sync/list.ts";
import { InvalidList } from "../src/sync/problem.ts";
import { iconOptions } from "../src/sync/run.ts";
import { listAddress } from "../src/sync/upstream/address.ts";
import { describeWarnings, sentenceOf } from "../src/sync/warning.ts";
import { readTypesByName, replaceSources } from "../src/sync/write.ts";
import { BatchTooLarge } from "./cloudflare/d1.ts";
import { runFileOnRemoteD1 } from "./cloudflare/remote-store.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { publicFetch } from "./public-fetch.ts";
import { readText } from "./read-text.ts";
import { toolSettings } from "./settings.ts";
import { listAsSql } from "./sql.ts";
import { storeUrlOf } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { flag } from "./usage.ts";
import { storeOptions, withStore } from "./with-store.ts";

const about = `Replaces the sources in the store at LIBSQL_URL by those of a file in authentik's own format, as this gives it:
  curl -H "Authorization: Bearer TOKEN" "https://authentik.example/api/v3/sources/oauth/?page_size=1000" > FILE.json
All or nothing: where a row is no source, the first ten problems are named and the store stays as it was. A value that is
odd costs that value, and is a warning.`;

const options = {
  ...storeOptions,
  sql: flag("writes to no store, and prints the SQL that would (for wrangler d1 execute NAME --file)"),
  strict: flag("refuses a list with warnings"),
  "allow-removals": flag("takes a list without any sources, which removes all those in the store"),
  icons: flag(`copies the icons too, from authentik at AUTHENTIK_SYNC_URL (default: AUTHENTIK_URL) and wherever else
they are; without it, an import touches no network`),
};

function readFile(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error;
    throw isMissing ? new Error(`cannot read ${file}: ${error.message}`) : error;
  }
}

function readJson(file: string): unknown {
  const text = readFile(file);
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`);
  }
  const mistake = mistakeOf(json);
  if (mistake) throw new Error(`${file} ${mistake}`);
  return json;
}

/** What people save in place of a list, in words; undefined for what may be one. */
function mistakeOf(json: unknown): string | undefined {
  const isPage = (value: unknown) => typeof value === "object" && value !== null && "results" in value;
  if (Array.isArray(json) && json.length > 0 && json.every(isPage)) {
    return "is a list of pages: put the results of all of them into one list";
  }
  if (isPage(json) || typeof json !== "object" || json === null || !("detail" in json)) return undefined;
  return `is an error of authentik's, and no list: ${JSON.stringify(json.detail)}`;
}

/** A list without a fault, or with its warnings told; a strict one has none. */
function checked(list: SourceList, isStrict: boolean, io: Io): SourceList {
  const { first } = list.warnings;
  if (isStrict && first.length > 0) {
    throw new InvalidList(
      first.map(({ row, source, key, ...warning }) => ({
        row,
        slug: source,
        field: key,
        message: sentenceOf(warning),
      })),
    );
  }
  for (const line of describeWarnings(list.warnings)) io.say(line);
  return list;
}

/** @throws UsageError, or SyncError for what is no address */
function iconOptionsOf(upstream: string | undefined, authentikUrl: string | undefined): CopyOptions {
  if (!upstream)
    throw new UsageError("--icons: AUTHENTIK_SYNC_URL is not set, nor is AUTHENTIK_URL: where is authentik?");
  // No token goes along, so that it may be http:// too.
  listAddress(upstream, true);
  // Nothing limits what a tool asks for.
  const limits = { iconRequests: Number.POSITIVE_INFINITY };
  return iconOptions({ upstream, token: "", limits, iconFetch: publicFetch([upstream, authentikUrl]) });
}

const sizeOf = ({ documents, held }: SourceList) => documents.length + held.length;

async function main(args: string[], io: Io) {
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options });
  const [file, ...others] = positionals;
  if (!file || others.length > 0) throw new UsageError("name one file");
  const json = readJson(file);
  const refuseEmpty = (isEmpty: boolean, what: string) => {
    if (!isEmpty || values["allow-removals"]) return;
    throw new Error(`${file} has no sources, and ${what} where that is right, run it again with --allow-removals`);
  };
  if (values.sql) {
    if (values.d1 || values.remote) throw new UsageError("--sql writes to no store: leave --d1 and --remote out");
    if (values.icons)
      throw new UsageError("--sql cannot hold icons, since D1 takes statements of 100 KB: leave --icons out");
    const list = checked(readList(json), values.strict, io);
    refuseEmpty(sizeOf(list) === 0, "its SQL would remove all that are stored:");
    io.stdout.write(listAsSql(list, Date.now()));
    return;
  }
  const { freshness, sync, authentikUrl } = toolSettings(io.env);
  const { fresh, staleWhileRevalidate } = freshness;
  const iconsAt = values.icons ? iconOptionsOf(sync.upstream, authentikUrl) : undefined;
  const replace = async (db: WritableDatabase, list: SourceList): Promise<Changes> => {
    let changes: Changes | undefined;
    try {
      return await replaceSources(db, list, {
        now: Date.now(),
        // A file takes any size; a server takes so much in one request.
        maxBytes:
          !values.d1 && !values.remote && readStoreUrl(storeUrlOf(io.env)).file ? Number.POSITIVE_INFINITY : undefined,
        check: (difference) => {
          const { size } = difference.removed;
          refuseEmpty(sizeOf(list) === 0 && size > 0, `the store has ${size}: nothing was written;`);
          changes = countChanges(difference);
        },
      });
    } catch (error) {
      if (!(error instanceof BatchTooLarge) || !changes) throw error;
      await runFileOnRemoteD1(io, listAsSql(list, Date.now()));
      return changes;
    }
  };
  const { added, changed, removed, unchanged, icons } = await withStore(io, values, async (db) => {
    const list = checked(readList(json, await readTypesByName(db)), values.strict, io);
    const changes = await replace(db, list);
    return { ...changes, icons: iconsAt && (await copyIcons(db, list, iconsAt)) };
  });
  io.print(`added ${added}, changed ${changed}, removed ${removed}, unchanged ${unchanged}`);
  if (icons) {
    io.print(`icons: asked for ${icons.asked}, changed ${icons.changed}, could not have ${icons.warnings.count}`);
    for (const line of describeWarnings(icons.warnings)) io.say(line);
  }
  io.say(
    `Readers may see the old list for another ${fresh + staleWhileRevalidate} s (CACHE_FRESH_SECONDS + CACHE_STALE_SECONDS), for 5 s under npm run dev.`,
  );
}

export const tool: Tool = { name: "import", forms: ["[OPTIONS] FILE.json"], about, options, main };
