import { parseArgs } from "node:util";
import { innermostCause } from "../src/base/describe-error.ts";
import {
  listTokens,
  revokeToken,
  type Scope,
  type StoredToken,
  scopes,
  storeToken,
  tokenRow,
} from "../src/tokens/admin.ts";
import { createToken } from "../src/tokens/format.ts";
import { isUnanswered } from "./cloudflare/api.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { tokenAsSql } from "./sql.ts";
import { flag, option } from "./usage.ts";
import { storeOptions, withStore } from "./with-store.ts";

const about =
  "Manages the bearer tokens in the store at LIBSQL_URL. The store keeps digests only: a token is printed once, when it is made.";

const options = {
  name: option("NAME", "what the token is for"),
  expires: option("TIME", "how long it lives: a number with s, m, h, d or w, such as 90d (default: for ever)"),
  scope: {
    ...option("SCOPE", "sources:read may list sources; none is known, but may view nothing"),
    default: "sources:read",
  },
  ...storeOptions,
  sql: flag("stores nothing, and prints the SQL that would; the token goes to stderr"),
};

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const longestName = 100;

const commands: Record<string, Tool["main"]> = { create, list, revoke };

async function create(args: string[], io: Io) {
  const { values } = parseArgs({ args, options });
  const { name, scope, expires } = values;
  if (!name?.trim() || name.length > longestName) throw new UsageError(`--name takes 1 to ${longestName} characters`);
  if (values.sql && (values.d1 || values.remote))
    throw new UsageError("--sql writes to no store: leave --d1 and --remote out");
  if (!isScope(scope)) throw new UsageError(`--scope takes ${scopes.join(" or ")}, not "${scope}"`);
  const createdAt = Date.now();
  const expiresAt = expires === undefined ? null : createdAt + readDuration(expires);

  const token = await createToken();
  const fields = { name, scope, createdAt, expiresAt };
  if (values.sql) io.stdout.write(tokenAsSql(await tokenRow(token, fields)));
  else await withStore(io, values, (db) => untilAnswered(() => storeToken(db, token, fields)));
  io.say(`"${name}", scope ${scope}, ${expiresAt ? `expires ${date(expiresAt)}` : "never expires"}; shown this once:`);
  (values.sql ? io.say : io.print)(token);
}

async function list(args: string[], io: Io) {
  const { values } = parseArgs({ args, options: storeOptions });
  for (const token of await withStore(io, values, listTokens)) {
    const { id, name, scope, lastFour, createdAt } = token;
    io.print([id, `…${lastFour}`, scope, state(token), `created ${date(createdAt)}`, name].join("  "));
  }
}

async function revoke(args: string[], io: Io) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: storeOptions });
  const [id = "", ...others] = positionals;
  if (!/^[0-9]{1,15}$/.test(id) || others.length > 0) throw new UsageError("revoke takes one ID, as `list` prints it");
  const outcome = await withStore(io, values, (db) => untilAnswered(() => revokeToken(db, Number(id), Date.now())));
  if (outcome === "unknown") throw new Error(`there is no token ${id}`);
  io.print(outcome === "revoked" ? `token ${id} is revoked` : `token ${id} was revoked before`);
}

/** What was done already does no harm a second time: a lost answer is asked for again. */
async function untilAnswered<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUnanswered(innermostCause(error))) throw error;
    return write();
  }
}

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text);

function readDuration(text: string): number {
  const [, amount = "", unit = ""] = /^([0-9]{1,6})([smhdw])$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (units[unit] ?? 0);
  if (milliseconds === 0)
    throw new UsageError(`--expires takes a number with s, m, h, d or w, such as 90d, not "${text}"`);
  return milliseconds;
}

function state({ revokedAt, expiresAt }: StoredToken): string {
  if (revokedAt !== null) return `revoked ${date(revokedAt)}`;
  if (expiresAt === null) return "never expires";
  // Whoever wrote SQL by hand may have put anything there: the list must show which token it is.
  if (typeof expiresAt !== "number" || Number.isNaN(new Date(expiresAt).valueOf()))
    return "no good: its expiry is no time";
  return `${expiresAt <= Date.now() ? "expired" : "expires"} ${date(expiresAt)}`;
}

const date = (milliseconds: number) => new Date(milliseconds).toISOString();

async function main([name = "", ...args]: string[], io: Io) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new UsageError(name ? `there is no command "${name}"` : "name a command");
  await command(args, io);
}

const forms = ["create --name NAME [OPTIONS]", "list [OPTIONS]", "revoke ID [OPTIONS]"];

export const tool: Tool = { name: "token", forms, about, options, main };
