import { parseArgs } from "node:util";
import { migrateRemoteD1 } from "./cloudflare/remote-store.ts";
import type { Io, Tool } from "./command.ts";
import { isPackage } from "./invocation.ts";
import { migrateLocalD1 } from "./local-d1.ts";
import { migrateStore, storeUrlOf, withLibsql } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { d1FolderOf, isRemote, storeOptions } from "./with-store.ts";

const about = `Applies the migrations to the store at LIBSQL_URL (file:PATH, http(s)://… or libsql://…; default file:.data/sources.db).
A store that asks for a token gets LIBSQL_AUTH_TOKEN.${isPackage ? "\nFor a D1 that is deployed: npx wrangler d1 migrations apply NAME --remote" : ""}`;

async function main(args: string[], io: Io) {
  const { values } = parseArgs({ args, options: storeOptions });
  if (isRemote(values, io.env)) {
    const count = await migrateRemoteD1(io);
    io.print(`The migrations are applied to the deployed D1: ${count} were missing`);
    return;
  }
  const folder = d1FolderOf(values, io.env);
  await (folder === undefined ? withLibsql(io, migrateStore) : migrateLocalD1(folder, io.env));
  io.print(`The migrations are applied to ${folder ?? readStoreUrl(storeUrlOf(io.env)).shown}`);
}

export const tool: Tool = { name: "migrate", forms: ["[OPTIONS]"], about, options: storeOptions, main };
