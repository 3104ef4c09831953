import { spawn } from "node:child_process";
import * as z from "zod/mini";
import { ask } from "../ask.ts";
import { isObject, shown } from "../authentik/refusal.ts";
import { type Io, UsageError } from "../command.ts";
import { untilExit } from "../dev/until-exit.ts";
import { type Cloudflare, connectTo, listAccounts } from "./api.ts";
import type { DeployConfig } from "./config.ts";
import { runWrangler, wranglerEnv, wranglerScript } from "./wrangler.ts";

const credentials = z.union([
  z.object({ type: z.enum(["oauth", "api_token"]), token: z.string() }),
  z.object({ type: z.literal("api_key"), key: z.string(), email: z.string() }),
]);

type Credentials = z.infer<typeof credentials>;

/**
 * Connects to the account that deployments go to: CLOUDFLARE_ACCOUNT_ID, that of wrangler.toml, or the only one. Who is not
 * logged in is sent to `wrangler login`, where there is a terminal.
 * @throws UsageError where it is not clear who asks, or which account is meant
 */
export async function connectAccount(
  io: Io,
  { account }: Pick<DeployConfig, "account">,
  signal?: AbortSignal,
): Promise<Cloudflare> {
  const found = await readCredentials(io, signal);
  const headers: Record<string, string> =
    found.type === "api_key"
      ? { "X-Auth-Key": found.key, "X-Auth-Email": found.email }
      : { Authorization: `Bearer ${found.token}` };
  const options = {
    base: io.env.CLOUDFLARE_API_BASE_URL || undefined,
    headers,
    secrets: new Set([found.type === "api_key" ? found.key : found.token]),
    deadlineMs: io.storeMs,
    wait: io.wait,
    signal,
  };
  const known = account ?? io.env.CLOUDFLARE_ACCOUNT_ID;
  return connectTo({ ...options, account: known || (await chooseAccount(io, await listAccounts(options), signal)) });
}

async function readCredentials(io: Io, signal: AbortSignal | undefined): Promise<Credentials> {
  const { CLOUDFLARE_API_TOKEN: token } = io.env;
  if (token) return { type: "api_token", token };
  const read = async () =>
    credentials.parse(JSON.parse(await runWrangler(["auth", "token", "--json"], { ...io, signal })));
  try {
    return await read();
  } catch {
    signal?.throwIfAborted();
    if (!io.stdin?.isTTY) {
      throw new UsageError("nobody is logged in at Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
    }
    io.say("Nobody is logged in at Cloudflare: `wrangler login` opens a browser.");
    const login = spawn(process.execPath, ["--no-warnings", wranglerScript(), "login"], {
      env: wranglerEnv(io.env),
      stdio: "inherit",
    });
    const { code } = await untilExit(login);
    signal?.throwIfAborted();
    if (code !== 0) throw new Error("`wrangler login` failed: run the same command again");
    return read();
  }
}

const accountSchema = z.object({ id: z.string(), name: z.string() });

async function chooseAccount(io: Io, found: unknown, signal: AbortSignal | undefined): Promise<string> {
  const accounts = z.array(accountSchema).parse([found].flat().filter(isObject));
  const [only, ...others] = accounts;
  if (!only) throw new UsageError("the Cloudflare token reaches no account: set CLOUDFLARE_ACCOUNT_ID");
  if (others.length === 0) return only.id;
  const lines = accounts.map(({ id, name }, i) => `  ${i + 1}  ${shown(name)}  ${id}`);
  if (!io.stdin?.isTTY) {
    throw new UsageError(`CLOUDFLARE_ACCOUNT_ID must say which account is meant:\n${lines.join("\n")}`);
  }
  io.say(`Which account?\n${lines.join("\n")}`);
  const answer = Number(await ask(`1 to ${accounts.length}: `, { stdin: io.stdin, stderr: io.stderr, signal }));
  const chosen = accounts[answer - 1];
  if (!chosen) throw new UsageError(`that is none of 1 to ${accounts.length}`);
  return chosen.id;
}
