import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { connectAccount } from "./cloudflare/account.ts";
import type { Cloudflare } from "./cloudflare/api.ts";
import { readDeployConfig } from "./cloudflare/config.ts";
import { migrateDeployed, refuseOtherDatabase } from "./cloudflare/migrations.ts";
import { type DeployedWorker, readWorker } from "./cloudflare/worker.ts";
import { wranglerEnv, wranglerScript } from "./cloudflare/wrangler.ts";
import type { Io, Tool } from "./command.ts";
import { untilExit } from "./dev/until-exit.ts";
import { flag, option } from "./usage.ts";

const about = `Deploys the Worker, minified, and applies the migrations to its D1 database, which the first deployment makes; to the database of
a Worker that is there already before it is deployed. A Worker with LIBSQL_URL reads that instead: its D1 is left as it is, and
npm run db:migrate is for the libSQL database.`;

const variables = {
  CLOUDFLARE_API_TOKEN: "who deploys (default: whoever has run npx wrangler login)",
  CLOUDFLARE_ACCOUNT_ID: "where, if there are several accounts",
};

const options = {
  name: option("NAME", "deploys another Worker, over the same D1 database"),
  config: { type: "string", short: "c" },
  env: { type: "string", short: "e" },
  "dry-run": flag("deploys nothing, and bundles the Worker"),
} as const;

const textOf = (value: string | boolean | undefined) => (typeof value === "string" ? value : undefined);

async function main(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options, strict: false });
  if (values["dry-run"]) return deploy(args, io);
  const [config, env] = [textOf(values.config), textOf(values.env)];
  const others = [...(config ? ["--config", config] : []), ...(env ? ["--env", env] : [])];
  const wanted = await readDeployConfig({ config, env });
  // What Workers Builds calls the Worker goes before all else.
  const name = io.env.WRANGLER_CI_OVERRIDE_NAME || textOf(values.name) || wanted.name;
  const cloudflare = await connectAccount(io, wanted);
  const accountIo = { ...io, env: { ...io.env, CLOUDFLARE_ACCOUNT_ID: cloudflare.account } };

  const before = await readWorker(cloudflare, name);
  await refuseOtherDatabase(cloudflare, { ...wanted, name }, before?.databaseId);
  await migrate(
    cloudflare,
    before && { ...before, databaseId: wanted.databaseId ?? before.databaseId },
    accountIo,
    others,
  );
  const code = await deploy(args, accountIo);
  if (code !== 0) return code;
  const after = await readWorker(cloudflare, name);
  if (after?.databaseId !== before?.databaseId) await migrate(cloudflare, after, accountIo, others);
  io.say(after?.hasLibsql ? "Store: the libSQL database at LIBSQL_URL" : "Store: the D1 database bound as DB");
  return 0;
}

/** By the one rule: the D1 of a Worker that reads it. */
async function migrate(cloudflare: Cloudflare, worker: DeployedWorker | undefined, io: Io, args: string[]) {
  if (!worker?.databaseId || worker.hasLibsql) return;
  const count = await migrateDeployed(
    cloudflare,
    worker.databaseId,
    { env: io.env, secrets: cloudflare.secrets },
    args,
  );
  if (count > 0) io.say(`Migrations applied to the D1 database: ${count}`);
}

async function deploy(args: string[], { env }: Io): Promise<number> {
  const child = spawn(process.execPath, ["--no-warnings", wranglerScript(), "deploy", "--minify", ...args], {
    env: wranglerEnv(env),
    stdio: "inherit",
  });
  const { code } = await untilExit(child);
  return code ?? 1;
}

const forms = ["[OPTIONS OF wrangler deploy]"];

export const tool: Tool = { name: "deploy", forms, about, variables, options, main };
