import { parseArgs } from "node:util";
import { runTool } from "./command.ts";
import { commandLine } from "./invocation.ts";
import { migrateLocalD1 } from "./local-d1.ts";
import { migrateStore, openStore, storeUrl } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";
import { d1FolderOf, storeOptions, storeUsage } from "./with-store.ts";

const usage = `Usage: ${commandLine("migrate", "[--d1]")}

Applies the migrations to the store at LIBSQL_URL (file:PATH, http(s)://… or libsql://…; default file:.data/sources.db).
A store that asks for a token gets LIBSQL_AUTH_TOKEN.
${storeUsage(16)}
For a D1 that is deployed: npx wrangler d1 migrations apply DB --remote --config wrangler.d1.jsonc`;

await runTool("migrate", usage, async (args) => {
  const folder = d1FolderOf(parseArgs({ args, options: storeOptions }).values);
  await (folder === undefined ? migrateStore(openStore()) : migrateLocalD1(folder));
  console.log(`The migrations are applied to ${folder ?? readStoreUrl(storeUrl).shown}`);
});
