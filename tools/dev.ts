import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "drizzle-orm";
import type { WritableDatabase } from "../src/db/database.ts";
import { oauthSources } from "../src/db/schema.ts";
import { readList } from "../src/sync/list.ts";
import { replaceSources } from "../src/sync/write.ts";
import { storeToken } from "../src/tokens/admin.ts";
import { isWellFormed } from "../src/tokens/format.ts";
import { runTool, UsageError } from "./command.ts";
import { startWrangler } from "./dev/start-wrangler.ts";
import { startLibsqlServer } from "./libsql-server/server.ts";
import { d1Config, migrateLocalD1, withLocalD1 } from "./local-d1.ts";
import { toolSettings } from "./settings.ts";
import { migrateStore, openStore, storeUrl } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { d1FolderOf, storeOptions, storeUsage } from "./with-store.ts";

const usage = `Usage: npm run dev [-- [--d1] OPTIONS OF wrangler dev]

Runs the Worker on this machine, at http://localhost:8787 unless --port says otherwise, with an embedded database and no account.
  LIBSQL_URL         the store: file:PATH (default file:.data/sources.db; made, migrated and filled with a sample company when
                     empty), or http(s)://… or libsql://… of a server, which is left as it is; LIBSQL_AUTH_TOKEN beside it
  DEV_TOKEN          the bearer token that a file store, or a local D1, will take (default dev-token)
  AUTHENTIK_URL      where authentik is; callback URLs are built on it
${storeUsage(17)}
Every variable of the Worker that is set here reaches it; README.md lists them.`;

/** The cache that runs on a laptop, and lists so short-lived that an import shows within 5 seconds. */
const devDefaults = { EDGE_CACHE: "cache-api", CACHE_FRESH_SECONDS: "2", CACHE_STALE_SECONDS: "0" };

async function readDevToken(): Promise<string> {
  const token = process.env.DEV_TOKEN || "dev-token";
  if (/^[-.~+/=\w]+$/.test(token) && (await isWellFormed(token))) return token;
  throw new UsageError(
    "DEV_TOKEN may hold letters, digits and -._~+/=, and begin with ase_ only where it is a whole token",
  );
}

interface DevStore {
  /** For a person. */
  shown: string;
  /** For wrangler. */
  args?: string[];
  variables?: Record<string, string>;
  /** The token that it takes; undefined where the tool put none into it. */
  token?: string;
  close?: () => Promise<void>;
}

/** A file store gets a local server, its tables, sources if it has none, and the development token; a remote one is used as it is. */
async function startLibsqlStore(devToken: string): Promise<DevStore> {
  const { file, shown } = readStoreUrl(storeUrl);
  const db = openStore();
  if (!file) return { shown: `${shown}, left as it is` };

  await migrateStore(db);
  const sources = await fill(db, devToken);
  const authToken = randomUUID();
  const server = await startLibsqlServer({ file, authToken });
  const variables = { LIBSQL_URL: server.url, LIBSQL_AUTH_TOKEN: authToken };
  return { shown: `${file}, with ${sources}`, variables, token: devToken, close: () => server.close() };
}

/** The local D1 gets the same, and wrangler its folder. */
async function startLocalD1(devToken: string, folder: string): Promise<DevStore> {
  console.log("Preparing the local D1…");
  await migrateLocalD1(folder);
  const sources = await withLocalD1(folder, (db) => fill(db, devToken));
  // wrangler keeps the Worker's cache there as well, which is of one run only.
  rmSync(join(folder, "v3", "cache"), { recursive: true, force: true });
  const args = ["--config", d1Config, "--persist-to", folder];
  return { shown: `D1 in ${folder}, with ${sources}`, args, token: devToken };
}

/** @returns what is in the store then, in words */
async function fill(db: WritableDatabase, devToken: string): Promise<string> {
  const sources = await loadSample(db);
  const now = Date.now();
  await storeToken(db, devToken, { name: "npm run dev", scope: "sources:read", createdAt: now, expiresAt: null });
  return sources;
}

async function loadSample(db: WritableDatabase): Promise<string> {
  const [row] = await db.values<[number]>(sql`SELECT count(*) FROM ${oauthSources}`);
  if (row && row[0] > 0) return `${row[0]} sources`;
  const sample: unknown = JSON.parse(readFileSync(new URL("sample-company.json", import.meta.url), "utf8"));
  const { added } = await replaceSources(db, readList(sample), { now: Date.now() });
  return `${added} sources of a sample company, since it was empty`;
}

const welcome = (origin: string, store: string, token: string | undefined) => `
Worker  ${origin}
Store   ${store}
Token   ${token ?? "one of that store's (npm run token)"}
Page    ${origin}/docs/

List the sources:

  curl -H "Authorization: Bearer ${token ?? "TOKEN"}" "${origin}/api/v3/sources/oauth/"

What follows is the Worker's log, a line for every request that reaches it. Ctrl-C ends it.
`;

/** With `--d1` that and its folder are ours; all other arguments are wrangler's, and not for us to judge. */
function splitArgs(args: string[]): { folder: string | undefined; others: string[] } {
  const { values, tokens } = parseArgs({ args, options: storeOptions, strict: false, tokens: true });
  if (values.d1 !== true) return { folder: undefined, others: args };
  const own = tokens.flatMap((token) => {
    if (token.kind !== "option" || !(token.name in storeOptions)) return [];
    return token.value === undefined || token.inlineValue ? [token.index] : [token.index, token.index + 1];
  });
  const folder = values["persist-to"];
  return {
    folder: d1FolderOf({ d1: true, "persist-to": folder === undefined ? undefined : String(folder) }),
    others: args.filter((_, i) => !own.includes(i)),
  };
}

await runTool("dev", usage, async (args) => {
  const variables: NodeJS.ProcessEnv = { ...devDefaults, ...process.env };
  toolSettings(variables);
  const devToken = await readDevToken();
  const { folder, others } = splitArgs(args);
  const store = await (folder === undefined ? startLibsqlStore(devToken) : startLocalD1(devToken, folder));
  console.log("Starting the Worker…");
  const wrangler = startWrangler({
    args: [...(store.args ?? []), ...others],
    variables: { ...variables, ...store.variables },
    onReady: (origin) => console.log(welcome(origin, store.shown, store.token)),
  });

  let isTold = false;
  const stop = (signal: NodeJS.Signals) => {
    isTold = true;
    wrangler.kill(signal);
  };
  // A terminal tells wrangler as well, which does no harm; one that is closed takes no more output.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  for (const output of [process.stdout, process.stderr]) output.on("error", () => stop("SIGHUP"));

  const [code, signal] = await once(wrangler, "exit").finally(() => store.close?.());
  if (!isTold && signal) throw new Error(`wrangler was ended by ${signal}`);
  process.exitCode = isTold ? 0 : code;
});
