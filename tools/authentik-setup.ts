import { parseArgs } from "node:util";
import { SyncError } from "../src/sync/sync-error.ts";
import { apiAddress } from "../src/sync/upstream/address.ts";
import type { Step } from "./authentik/ensure.ts";
import type { Hook } from "./authentik/hook.ts";
import { hookAddress } from "./authentik/hook-address.ts";
import { checkSecret } from "./authentik/hook-secret.ts";
import { removeAll } from "./authentik/remove.ts";
import { setUp } from "./authentik/set-up.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { flag, option } from "./usage.ts";

const about = `Makes in the authentik at URL, of 2024.6 or newer, what the sync needs: a role that may view OAuth sources and nothing else, a
group, a user and an API token. What is there already is left, or set right; all of it is called authentik-sources-edge. What
somebody else made under that name is refused, and nothing is changed then.
Secrets go to stdout as NAME=value, once, when they are made; all else goes to stderr.`;

const variables = {
  AUTHENTIK_ADMIN_TOKEN: "an API token of a superuser; not needed again",
  SYNC_HOOK_SECRET: `the hook's secret, the Worker's too: 32 to 256 characters
(default: authentik's own is kept, or a new one made)`,
};
const options = {
  hook: option(
    "ADDRESS",
    `has authentik call the Worker's https://…/hooks/authentik after every change of a source, so that
the sync runs at once, and sends a test notification`,
  ),
  "dry-run": flag("makes nothing, and shows what it would make"),
  "show-secrets": flag("prints the secrets that were made before as well"),
  "allow-http": flag("sends secrets in the clear to an http:// address of another machine"),
  remove: flag("takes all of it back, the hook's part too"),
};

/** For one request: a test notification takes as long as the hook does. */
const deadlineMs = 30_000;

const remedy = "AUTHENTIK_ADMIN_TOKEN must be an API token of a superuser that has not expired (Directory, Tokens)";

async function main(args: string[], { env, print, say }: Io) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const { hook, remove, "dry-run": dryRun, "allow-http": allowHttp, "show-secrets": showSecrets } = values;
  const [address, ...others] = positionals;
  if (!address || others.length > 0) throw new UsageError("give one address, such as https://authentik.example");
  if (remove && (hook !== undefined || showSecrets))
    throw new UsageError("--remove takes no --hook, no --show-secrets");
  const token = readToken(env);
  const api = readAddress(address, allowHttp);
  const step: Step = {
    connection: { api, token, secrets: new Set([token]), remedy, deadlineMs, fetch },
    dryRun,
    report: say,
    tellSecret: (name, value, isNew) => {
      if (isNew || showSecrets) print(`${name}=${value}`);
    },
  };
  if (remove) return removeAll(step);
  await setUp(step, hook === undefined ? undefined : readHook(hook, allowHttp, env));
}

function readToken({ AUTHENTIK_ADMIN_TOKEN: token }: NodeJS.ProcessEnv): string {
  if (!token) throw new UsageError("AUTHENTIK_ADMIN_TOKEN is not set: an API token of a superuser, in the environment");
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError("AUTHENTIK_ADMIN_TOKEN holds characters that no API token has");
}

function readHook(address: string, allowHttp: boolean, { SYNC_HOOK_SECRET: secret }: NodeJS.ProcessEnv): Hook {
  return { address: hookAddress(address, allowHttp), secret: secret ? checkSecret(secret) : undefined };
}

function readAddress(address: string, allowHttp: boolean): URL {
  try {
    return apiAddress(address, { allowHttp, name: "URL" });
  } catch (error) {
    throw error instanceof SyncError ? new UsageError(error.message) : error;
  }
}

export const tool: Tool = { name: "authentik-setup", forms: ["URL [OPTIONS]"], about, variables, options, main };
