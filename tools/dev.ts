import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { oauthSources } from "../src/db/schema.ts";
import { readList } from "../src/sync/list.ts";
import { replaceSources } from "../src/sync/write.ts";
import { storeToken } from "../src/tokens/admin.ts";
import { isWellFormed } from "../src/tokens/format.ts";
import { runTool, UsageError } from "./command.ts";
import { startWrangler } from "./dev/start-wrangler.ts";
import { startLibsqlServer } from "./libsql-server/server.ts";
import { toolSettings } from "./settings.ts";
import { migrateStore, openStore, type Store, storeUrl } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";

const usage = `Usage: npm run dev [-- OPTIONS OF wrangler dev]

Runs the Worker on this machine, at http://localhost:8787 unless --port says otherwise, with an embedded database and no account.
  LIBSQL_URL         the store: file:PATH (default file:.data/sources.db; made, migrated and filled with a sample company when
                     empty), or http(s)://… or libsql://… of a server, which is left as it is; LIBSQL_AUTH_TOKEN beside it
  DEV_TOKEN          the bearer token that a file store will take (default dev-token)
  AUTHENTIK_URL      where authentik is; callback URLs are built on it
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

/** A file store gets a local server, its tables, sources if it has none, and the development token; a remote one is used as it is. */
async function startStore(devToken: string) {
  const { file, shown } = readStoreUrl(storeUrl);
  const db = openStore();
  if (!file) return { shown: `${shown}, left as it is`, variables: {}, token: undefined, close: async () => {} };

  await migrateStore(db);
  const sources = await loadSample(db);
  const now = Date.now();
  await storeToken(db, devToken, { name: "npm run dev", scope: "sources:read", createdAt: now, expiresAt: null });

  const authToken = randomUUID();
  const server = await startLibsqlServer({ file, authToken });
  const variables = { LIBSQL_URL: server.url, LIBSQL_AUTH_TOKEN: authToken };
  return { shown: `${file}, with ${sources}`, variables, token: devToken, close: () => server.close() };
}

/** @returns what is in the store then, in words */
async function loadSample(db: Store): Promise<string> {
  const count = await db.$count(oauthSources);
  if (count > 0) return `${count} sources`;
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

await runTool("dev", usage, async (args) => {
  const variables: NodeJS.ProcessEnv = { ...devDefaults, ...process.env };
  toolSettings(variables);
  const store = await startStore(await readDevToken());
  console.log("Starting the Worker…");
  const wrangler = startWrangler({
    args,
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

  const [code, signal] = await once(wrangler, "exit").finally(store.close);
  if (!isTold && signal) throw new Error(`wrangler was ended by ${signal}`);
  process.exitCode = isTold ? 0 : code;
});
