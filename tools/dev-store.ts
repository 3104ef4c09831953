import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { tokenRow } from "../src/tokens/admin.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { devTokenFields, readDevToken, startStore } from "./dev/start-store.ts";
import { untilExit } from "./dev/until-exit.ts";
import { sampleList } from "./sample.ts";
import { listAsSql, tokenAsSql } from "./sql.ts";
import { storeUrlOf } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { flag } from "./usage.ts";

const about = `Starts a libSQL server on this machine for development, over the file at LIBSQL_URL (default file:.data/sources.db; made,
migrated and filled with a sample company when empty), and runs COMMAND with that server's LIBSQL_URL and LIBSQL_AUTH_TOKEN in
its environment. It ends when COMMAND ends.`;

const variables = { DEV_TOKEN: "the bearer token that the store will take (default dev-token)" };
const options = {
  sql: flag(
    "starts nothing, and prints the SQL that puts the sample company in place of the list that is there, and adds the token (for D1)",
  ),
};

async function printSql({ env, stdout }: Io): Promise<number> {
  const row = await tokenRow(await readDevToken(env), devTokenFields());
  stdout.write(listAsSql(sampleList(), Date.now()) + tokenAsSql(row));
  return 0;
}

async function main(args: string[], io: Io): Promise<number> {
  // What follows the command is the command's own.
  const isOption = args[0]?.startsWith("-") ?? false;
  const { values } = parseArgs({ args: isOption ? args : [], options });
  if (values.sql) return printSql(io);

  const [command, ...rest] = args;
  if (command === undefined) throw new UsageError("name a command to run, such as `wrangler dev`");
  const { file, shown } = readStoreUrl(storeUrlOf(io.env));
  if (!file) throw new UsageError(`LIBSQL_URL is a server already (${shown}): run ${command} with it as it is`);
  const store = await startStore(file, await readDevToken(io.env), io);
  io.say(`Store   ${store.shown}\nToken   ${io.env.DEV_TOKEN || "dev-token"}`);
  const child = spawn(command, rest, { env: { ...io.env, ...store.variables }, stdio: "inherit" });
  const { code } = await untilExit(child).finally(store.close);
  return code ?? 1;
}

const forms = ["COMMAND [ARGUMENTS]", "--sql"];

export const tool: Tool = { name: "dev-store", forms, about, variables, options, main };
