import { parseArgs } from "node:util";
import { readSettings } from "../src/settings.ts";
import { type Io, readGiven, type Tool } from "./command.ts";
import { startLocalD1 } from "./dev/start-local-d1.ts";
import { readDevToken, startStore } from "./dev/start-store.ts";
import { startWrangler } from "./dev/start-wrangler.ts";
import { untilExit } from "./dev/until-exit.ts";
import { storeUrlOf } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { d1FolderOf, localOptions } from "./with-store.ts";

const about = `Runs the Worker on this machine, at http://localhost:8787 unless --port says otherwise, with an embedded database and no account.
Every variable of the Worker that is set here reaches it; README.md lists them.`;

const variables = {
  LIBSQL_URL: `the store: file:PATH (default file:.data/sources.db; made, migrated and filled with a sample company when
empty), or http(s)://… or libsql://… of a server, which is left as it is; LIBSQL_AUTH_TOKEN beside it`,
  DEV_TOKEN: "the bearer token that a file store, or a local D1, will take (default dev-token)",
  AUTHENTIK_URL: "where authentik is; callback URLs are built on it",
};

/** The cache that runs on a laptop, lists so short-lived that an import shows within 5 seconds, and a line for every hit too. */
const devDefaults: NodeJS.ProcessEnv = {
  ...{ EDGE_CACHE: "cache-api", CACHE_FRESH_SECONDS: "2", CACHE_STALE_SECONDS: "0" },
  LOG_HITS: "1",
};

interface DevStore {
  /** For a person. */
  shown: string;
  /** For wrangler. */
  args?: string[];
  variables?: Record<string, string>;
  /** The token that it takes; undefined where nothing was put into it. */
  token?: string;
  close?: () => Promise<void>;
}

/** A file is served and a local D1 made ready, with what a start needs; a server is used as it is. */
async function startOrReach(d1Folder: string | undefined, io: Io): Promise<DevStore> {
  const token = await readDevToken(io.env);
  if (d1Folder !== undefined) return { ...(await startLocalD1(d1Folder, token, io)), token };
  const { file, shown } = readStoreUrl(storeUrlOf(io.env));
  if (file) return { ...(await startStore(file, token, io)), token };
  return { shown: `${shown}, left as it is` };
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
function splitArgs(args: string[], env: NodeJS.ProcessEnv): { folder: string | undefined; others: string[] } {
  const { values, tokens } = parseArgs({ args, options: localOptions, strict: false, tokens: true });
  if (values.d1 !== true) return { folder: undefined, others: args };
  const own = tokens.flatMap((token) => {
    if (token.kind !== "option" || !(token.name in localOptions)) return [];
    return token.value === undefined || token.inlineValue ? [token.index] : [token.index, token.index + 1];
  });
  const folder = values["persist-to"];
  return {
    folder: d1FolderOf({ d1: true, "persist-to": folder === undefined ? undefined : String(folder) }, env),
    others: args.filter((_, i) => !own.includes(i)),
  };
}

async function main(args: string[], io: Io): Promise<number> {
  const env = { ...devDefaults, ...io.env };
  const { sync } = readGiven(() => readSettings(env));
  if (sync.problem) io.say(sync.problem);
  const { folder, others } = splitArgs(args, env);
  const store = await startOrReach(folder, io);
  io.print("Starting the Worker…");
  const options = {
    args: [...(store.args ?? []), ...others],
    env: { ...env, ...store.variables, ...(store.token && { DEV_ASSETS_TOKEN: store.token }) },
    onReady: (origin: string) => io.print(welcome(origin, store.shown, store.token)),
  };
  const wrangler = startWrangler(options, io);

  let isTold = false;
  const stop = (signal: NodeJS.Signals) => {
    isTold = true;
    wrangler.kill(signal);
  };
  // A terminal that is closed takes no more output.
  for (const output of [io.stdout, io.stderr]) output.on("error", () => stop("SIGHUP"));

  const { code, signal } = await untilExit(wrangler, stop).finally(() => store.close?.());
  if (isTold) return 0;
  if (signal) throw new Error(`wrangler was ended by ${signal}`);
  return code ?? 1;
}

const forms = ["[--d1] [OPTIONS OF wrangler dev]"];

export const tool: Tool = { name: "dev", forms, about, variables, options: localOptions, main };
