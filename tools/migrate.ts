import { refuseArguments, runTool } from "./command.ts";
import { commandLine } from "./invocation.ts";
import { migrateStore, openStore, storeUrl } from "./store.ts";
import { readStoreUrl } from "./store-url.ts";

const usage = `Usage: ${commandLine("migrate")}

Applies the migrations to the store at LIBSQL_URL (file:PATH, http(s)://… or libsql://…; default file:.data/sources.db).
A store that asks for a token gets LIBSQL_AUTH_TOKEN.`;

await runTool("migrate", usage, async (args) => {
  refuseArguments(args);
  await migrateStore(openStore());
  console.log(`The migrations are applied to ${readStoreUrl(storeUrl).shown}`);
});
