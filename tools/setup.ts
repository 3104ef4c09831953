import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { WritableDatabase } from "../src/db/database.ts";
import { listRuns } from "../src/sync/runs.ts";
import { ask } from "./ask.ts";
import type { Step } from "./authentik/ensure.ts";
import { refuseForeign } from "./authentik/foreign.ts";
import { ensureHook, readHookSecret } from "./authentik/hook.ts";
import { hookAddress, hookPath } from "./authentik/hook-address.ts";
import { checkSecret, newSecret } from "./authentik/hook-secret.ts";
import type { AuthentikObject } from "./authentik/objects.ts";
import { checkReader, ensureReader, type Reader } from "./authentik/reader.ts";
import { requireSuperuser } from "./authentik/superuser.ts";
import { judgeHook, tryHook } from "./authentik/try-hook.ts";
import { readVersion } from "./authentik/version.ts";
import { connectAccount } from "./cloudflare/account.ts";
import { readDeployConfig } from "./cloudflare/config.ts";
import type { WranglerOptions } from "./cloudflare/wrangler.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { Interrupted, interruptible } from "./interruption.ts";
import { readAuthentikAddress } from "./setup/authentik-address.ts";
import { d1Store, type Site, surveySite } from "./setup/cloudflare.ts";
import { deployWorker } from "./setup/deploy-worker.ts";
import { type RunStep, stepsOf } from "./setup/progress.ts";
import { type Readyz, type WaitOptions, waitForReadyz } from "./setup/readiness.ts";
import { removeSetup } from "./setup/remove.ts";
import { ensureToken, libsqlStore, type SetupStore } from "./setup/store.ts";
import { flag, option } from "./usage.ts";

const about = `Makes a Worker that follows the authentik at URL, from nothing to the first synced list: a reader and a webhook in authentik, the
Worker with its secrets at Cloudflare, its D1 database, and a token for readers, which is printed once. Run it again after
whatever broke it off, or after an upgrade: what is there is left, or set right. It asks for what it is not told, and keeps none of it.`;

const variables = {
  AUTHENTIK_ADMIN_TOKEN: "an API token of an authentik superuser (asked for, where there is a terminal)",
  SYNC_HOOK_SECRET: "the webhook's secret (default: the one that authentik has, or a new one)",
  CLOUDFLARE_API_TOKEN: "who deploys (default: whoever has run npx wrangler login, which is run where nobody has)",
  CLOUDFLARE_ACCOUNT_ID: "where (asked for, where there are several accounts)",
};

const options = {
  libsql: option("ADDRESS", "a libSQL server for the store, in the place of D1; LIBSQL_AUTH_TOKEN is its token"),
  address: option("ADDRESS", "where the Worker is reached (default: what wrangler says)"),
  "dry-run": flag("makes nothing, and says what it would make"),
  "allow-http": flag("sends secrets in the clear to an http:// address of another machine"),
  remove: flag("takes back what is this tool's in authentik and at Cloudflare; asks first, unless --yes"),
  "with-data": flag("its D1 database too, with the tokens of all readers; without it no database is touched"),
  yes: flag("--remove does not ask"),
};

/** For one request to authentik: a test notification takes as long as the hook does. */
const deadlineMs = 30_000;
const remedy = "it must be an API token of a superuser that has not expired (Directory, Tokens and App passwords)";
const hookAttempts = 5;
const interruptedExitCode = 130;

type Flags = ReturnType<typeof parseFlags>["values"];

const parseFlags = (args: string[]) => parseArgs({ args, allowPositionals: true, options });

async function main(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseFlags(args);
  const [address, ...others] = positionals;
  if (!address || others.length > 0) throw new UsageError("give one address, such as https://authentik.example");
  if (!values.remove && (values["with-data"] || values.yes))
    throw new UsageError("--with-data and --yes are for --remove");
  if (values.remove && (values.libsql ?? values.address) !== undefined) {
    throw new UsageError("--remove takes no --libsql, no --address");
  }
  const authentik = readAuthentikAddress(address, values["allow-http"]);
  if (values.address !== undefined) hookOf(values.address, values["allow-http"]);
  if (values.libsql !== undefined) libsqlStore(values.libsql, io.env.LIBSQL_AUTH_TOKEN);
  try {
    await interruptible(async (signal) => {
      const token = await readAdminToken(io, signal);
      const step: Step = {
        connection: {
          ...{ api: authentik.api, token, secrets: new Set([token]), remedy, deadlineMs },
          fetch: (input, init) => fetch(input, { ...init, signal: eitherOf(signal, init?.signal) }),
        },
        dryRun: values["dry-run"],
        report: values["dry-run"] || values.remove ? io.say : () => {},
        tellSecret: () => {},
      };
      await (values.remove ? remove : setUp)({ step, url: authentik.url, flags: values, io, signal });
    });
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    io.say(`setup: ${error.message}`);
    return interruptedExitCode;
  }
}

const eitherOf = (signal: AbortSignal, other: AbortSignal | null | undefined) =>
  other ? AbortSignal.any([signal, other]) : signal;

const hookOf = (address: string, allowHttp: boolean) => {
  if (!URL.canParse(address)) throw new UsageError("--address takes the Worker's https:// address");
  return hookAddress(new URL(hookPath, address).href, allowHttp);
};

async function readAdminToken({ env, stdin, stderr }: Io, signal: AbortSignal): Promise<string> {
  const { AUTHENTIK_ADMIN_TOKEN: given } = env;
  if (!given && !stdin?.isTTY) {
    throw new UsageError("AUTHENTIK_ADMIN_TOKEN is not set: an API token of a superuser, in the environment");
  }
  const question = "API token of an authentik administrator (Directory, Tokens and App passwords; it is not shown): ";
  const token = given || (stdin ? await ask(question, { stdin, stderr, isSecret: true, signal }) : "");
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError("that is no API token: it holds no blanks, and no characters beyond ASCII");
}

interface Setup {
  step: Step;
  /** authentik's address for its users. */
  url: string;
  flags: Flags;
  io: Io;
  signal: AbortSignal;
}

async function setUp({ step, url, flags, io, signal }: Setup): Promise<void> {
  const run = stepsOf(io);
  const { connection, dryRun } = step;
  const { dialect } = await run(
    "asking authentik",
    () => greet(step),
    ({ version }) => `authentik ${version} at ${url}`,
  );
  const config = await readDeployConfig();
  const cloudflare = await connectAccount(io, config, signal);
  const site = await run(
    "asking Cloudflare",
    () => surveySite(cloudflare, config, flags.libsql !== undefined),
    ({ worker }) => `Cloudflare: ${worker ? "the Worker is there" : "there is no Worker yet"}`,
  );
  const options: WranglerOptions = {
    env: { ...io.env, CLOUDFLARE_ACCOUNT_ID: cloudflare.account },
    signal,
    secrets: new Set([...cloudflare.secrets, connection.token]),
  };
  const store =
    flags.libsql === undefined ? d1Store(site, options) : libsqlStore(flags.libsql, io.env.LIBSQL_AUTH_TOKEN);
  if (dryRun) return sayPlan(step, site, store, io);

  const reader = await run(
    "making the reader",
    () => makeReader(step),
    () => "a reader in authentik, who sees its OAuth sources",
  );
  const { SYNC_HOOK_SECRET: given } = io.env;
  const hookSecret = given ? checkSecret(given) : ((await readHookSecret(connection)) ?? newSecret());
  const secrets = { AUTHENTIK_URL: url, AUTHENTIK_TOKEN: reader.key, SYNC_HOOK_SECRET: hookSecret, ...store.secrets };
  for (const secret of Object.values(secrets)) if (secret !== url) connection.secrets.add(secret);

  // Where the database is there, a newer Worker finds its tables already.
  const isThere = store.kind === "libsql" || site.worker?.databaseId !== undefined;
  if (isThere) await migrate(run, store);
  const address = await run(
    "deploying the Worker",
    async () => {
      const deployed = await deployWorker(secrets, { ...options, secrets: connection.secrets });
      return withoutSlash(flags.address ?? deployed);
    },
    (deployed) => `the Worker at ${deployed}`,
  );
  if (!isThere) await migrate(run, store);
  const db = store.open();
  const token = await run(
    "making a token for readers",
    () => ensureToken(db, (made) => io.print(made)),
    (made) => (made ? "a token for readers: shown above, this once" : "a token for readers, which was shown before"),
  );
  const wait = { address, signal, wait: io.wait };
  await run(
    "waiting for the Worker",
    () => untilReady(store, wait),
    () => `the Worker answers from ${store.shown}`,
  );
  const begin = Date.now();
  const hook = { address: hookOf(address, flags["allow-http"]), secret: hookSecret };
  await run(
    "making the webhook",
    async () => {
      const { transport } = await ensureHook(step, hook, dialect, reader.group);
      if (!transport) throw new Error("the webhook was not made: run the same command again");
      judgeHook(await untilTaken(step, transport, wait), hook.address, false);
    },
    () => "the webhook in authentik, whose test notification was taken",
  );
  await run(
    "waiting for the first sync",
    () => untilSynced(begin, db, wait),
    () => "in step with authentik",
  );
  io.say("");
  io.print(`curl -H "Authorization: Bearer ${token ?? "TOKEN"}" "${address}/api/v3/sources/oauth/"`);
  sayNext(address, store, io);
}

async function greet({ connection }: Step) {
  await requireSuperuser(connection);
  await refuseForeign(connection);
  return readVersion(connection);
}

async function makeReader(step: Step): Promise<Reader & { key: string }> {
  const { key, group } = await ensureReader(step);
  if (key === undefined) throw new Error("authentik gave no token: run the same command again");
  await checkReader(step, key);
  return { key, group };
}

const migrate = (run: RunStep, store: SetupStore) =>
  run(
    "applying the migrations",
    () => store.migrate(),
    (count) => `${store.shown}: ${count === undefined ? "its tables are there" : `${count} migrations applied`}`,
  );

function withoutSlash(address: string | undefined): string {
  if (address) return address.replace(/\/+$/, "");
  throw new Error("wrangler names no address of the Worker: give it with --address, and run this again");
}

async function untilReady(store: SetupStore, wait: WaitOptions): Promise<void> {
  const { isThere, said } = await waitForReadyz(
    ({ status, store: kind }) => status !== "unavailable" && kind === store.kind,
    wait,
  );
  if (isThere) return;
  const reason = said?.problem ?? (said ? `it says ${JSON.stringify(said)}` : "it gives no answer");
  throw new Error(`${wait.address}/readyz is not ready: ${reason}; \`npx wrangler tail\` shows its log`);
}

/** A deployment may be younger than what answers near authentik: its 403 and 404 are tried again. */
async function untilTaken({ connection }: Step, transport: AuthentikObject, { wait = sleep, signal }: WaitOptions) {
  for (let attempt = 1; ; attempt++) {
    const tried = await tryHook(connection, transport);
    if (attempt === hookAttempts || (tried.status !== 403 && tried.status !== 404)) return tried;
    await wait(3_000);
    signal.throwIfAborted();
  }
}

/** @param begin when the webhook was not there yet; milliseconds since 1970 */
async function untilSynced(begin: number, db: WritableDatabase, wait: WaitOptions): Promise<void> {
  const isSynced = ({ sync }: Readyz) => sync !== undefined && sync.age_seconds * 1_000 <= Date.now() - begin + 2_000;
  const { isThere } = await waitForReadyz(isSynced, wait);
  if (isThere) return;
  const { runs } = await listRuns(db, 1);
  throw new Error(`no sync has gone well: ${runs[0]?.error ?? "there was no run"}`);
}

async function sayPlan(step: Step, { worker, config }: Site, store: SetupStore, { say }: Io): Promise<void> {
  await ensureReader(step);
  say(`would ${worker ? "deploy the Worker anew" : "make the Worker"}: ${config.name}, over ${store.shown}`);
  say("would apply the migrations that are missing, and make a token for readers where there is none");
  say("would make the webhook in authentik, and wait for the first sync");
  say("A dry run: nothing was made.");
}

function sayNext(address: string, { kind }: SetupStore, { say }: Io): void {
  const remote = kind === "d1" ? " --remote" : "";
  say(`
${address}/ says how it is, and ${address}/docs/ has every call.
Another reader's token:  npm run token -- create --name "status page" --expires 90d${remote}
The last syncs:          npm run sync -- --status${remote}
After an upgrade:        npm run deploy`);
}

async function remove({ step, flags, io, signal }: Setup): Promise<void> {
  const config = await readDeployConfig();
  const cloudflare = await connectAccount(io, config, signal);
  const confirm = async (what: string) => {
    if (flags.yes) return;
    if (!io.stdin?.isTTY) throw new UsageError("--remove asks first: add --yes where nobody can answer");
    const answer = await ask(`Remove ${what}? Type yes: `, { stdin: io.stdin, stderr: io.stderr, signal });
    if (answer !== "yes") throw new Error("nothing was removed");
  };
  await requireSuperuser(step.connection);
  await refuseForeign(step.connection);
  await removeSetup({ step, cloudflare, config, withData: flags["with-data"], confirm });
}

export const tool: Tool = {
  name: "setup",
  forms: ["URL [OPTIONS]", "URL --remove [OPTIONS]"],
  about,
  variables,
  options,
  main,
};
