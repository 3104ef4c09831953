import { once } from "node:events";
import { runTool } from "./command.ts";
import { readDevToken, startStore } from "./dev/start-store.ts";
import { startWrangler } from "./dev/start-wrangler.ts";
import { toolSettings } from "./settings.ts";
import { storeUrl } from "./store.ts";
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

/** A file is served, with what a start needs; a server is used as it is. */
function startOrReach(devToken: string) {
  const { file, shown } = readStoreUrl(storeUrl);
  if (file) return startStore(file, devToken).then((store) => ({ ...store, token: devToken }));
  return { shown: `${shown}, left as it is`, variables: {}, token: undefined, close: async () => {} };
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
  const store = await startOrReach(await readDevToken());
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
