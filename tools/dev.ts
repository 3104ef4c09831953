import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { oauthSources } from "../src/db/schema.ts";
import { variableNames } from "../src/settings.ts";
import { readList } from "../src/sync/list.ts";
import { replaceSources } from "../src/sync/write.ts";
import { storeToken } from "../src/tokens/admin.ts";
import { isWellFormed } from "../src/tokens/format.ts";
import { runTool, UsageError } from "./command.ts";
import { startLibsqlServer } from "./libsql-server/server.ts";
import { fileOf, migrateStore, openStore, storeUrl } from "./store.ts";

const usage = `Usage: npm run dev [-- OPTIONS OF wrangler dev]

Runs the Worker on this machine, at http://localhost:8787 unless --port says otherwise, with an embedded database and no account.
  LIBSQL_URL         the store: file:PATH (default file:.data/sources.db; made, migrated and filled with a sample company when
                     empty), or http(s)://… or libsql://… of a server, which is left as it is; LIBSQL_AUTH_TOKEN beside it
  DEV_TOKEN          the bearer token that a file store will take (default dev-token)
  AUTHENTIK_URL      where authentik is; callback URLs are built on it
Every variable of the Worker that is set here reaches it; README.md lists them.`;

/** The cache that runs on a laptop, and lists so short-lived that an import shows within 5 seconds. */
const devDefaults = { EDGE_CACHE: "cache-api", CACHE_FRESH_SECONDS: "2", CACHE_STALE_SECONDS: "0" };

/** A file store gets a local server, its tables, sources if it has none, and the development token; a remote one is used as it is. */
async function startStore(devToken: string) {
  const file = fileOf(storeUrl);
  if (!file) return { variables: {}, takesDevToken: false, close: async () => {} };

  const db = openStore();
  await migrateStore(db);
  await loadSample(db);
  const now = Date.now();
  await storeToken(db, devToken, { name: "npm run dev", scope: "sources:read", createdAt: now, expiresAt: null });

  const authToken = randomUUID();
  const server = await startLibsqlServer({ file, authToken });
  const variables = { LIBSQL_URL: server.url, LIBSQL_AUTH_TOKEN: authToken };
  return { variables, takesDevToken: true, close: () => server.close() };
}

async function loadSample(db: LibSQLDatabase) {
  if ((await db.$count(oauthSources)) > 0) return;
  const sample: unknown = JSON.parse(readFileSync(new URL("sample-company.json", import.meta.url), "utf8"));
  const { added } = await replaceSources(db, readList(sample), { now: Date.now() });
  console.log(`The store was empty: ${added} sources of a sample company are in it now.`);
}

/** In a file, since command lines can be read by every user of the machine. */
const envText = (variables: NodeJS.ProcessEnv) =>
  variableNames
    .filter((name) => variables[name])
    .map((name) => `${name}=${JSON.stringify(variables[name])}\n`)
    .join("");

function startWrangler(args: string[]): ChildProcess {
  const manifest = createRequire(import.meta.url).resolve("wrangler/package.json");
  const script = join(dirname(manifest), "bin", "wrangler.js");
  const inspector = args.some((arg) => arg.startsWith("--inspector-port")) ? [] : ["--inspector-port", "0"];
  const quiet = {
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    ...(process.stdout.isTTY && !process.env.NO_COLOR && { FORCE_COLOR: "1" }),
  };
  return spawn(process.execPath, [script, "dev", "--show-interactive-dev-session=false", ...inspector, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...quiet, ...process.env },
  });
}

/** Passes on what wrangler prints, and notices where it listens. */
function onReady(wrangler: ChildProcess, ready: (url: string) => void) {
  if (!wrangler.stdout) throw new Error("wrangler's output is not piped");
  createInterface({ input: wrangler.stdout }).on("line", (line) => {
    console.log(line);
    const [, url] = /Ready on (https?:\/\/[\w.:[\]-]+)/.exec(line) ?? [];
    if (url) ready(url);
  });
}

function printCurl(url: string, token: string) {
  console.log(
    `\nList the sources:\n\n  curl -H "Authorization: Bearer ${token}" "${url}/api/v3/sources/oauth/"\n\nor in a browser: ${url}/docs/\n`,
  );
}

const exitCodeOf = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ? 0 : (code ?? 1)));
  });

await runTool("dev", usage, async (args) => {
  const devToken = process.env.DEV_TOKEN || "dev-token";
  if (!/^[-.~+/=\w]+$/.test(devToken) || !(await isWellFormed(devToken))) {
    throw new UsageError(
      "DEV_TOKEN may hold letters, digits and -._~+/=, and begin with ase_ only where it is a whole token",
    );
  }
  const store = await startStore(devToken);
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-"));
  try {
    const envFile = join(folder, "env");
    writeFileSync(envFile, envText({ ...devDefaults, ...process.env, ...store.variables }), { mode: 0o600 });
    const wrangler = startWrangler(["--env-file", envFile, "--persist-to", join(folder, "state"), ...args]);
    // A terminal tells wrangler as well, which does no harm. Whatever code it then ends with, it was told to.
    let isTold = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        isTold = true;
        wrangler.kill(signal);
      });
    }
    onReady(wrangler, (url) => printCurl(url, store.takesDevToken ? devToken : "TOKEN"));
    const code = await exitCodeOf(wrangler);
    process.exitCode = isTold ? 0 : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await store.close();
  }
});
