import { readTypesByName, replaceSources } from "../src/sync/write.ts";
import { storeToken } from "../src/tokens/admin.ts";
import { startLibsqlBridge } from "../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../tools/store.ts";
import { generateSources } from "./generate.ts";

/** A process of its own, so that it can be pinned and stopped: a libSQL server over a new file with generated sources. */
const [, , file = "", count = "", ...tokens] = process.argv;

const db = openStore(`file:${file}`, undefined);
await migrateStore(db);
await replaceSources(db, generateSources(Number(count), await readTypesByName(db)), { now: Date.now() });
for (const token of tokens) {
  await storeToken(db, token, { name: "bench", scope: "sources:read", createdAt: 0, expiresAt: null });
}
const { url } = await startLibsqlBridge({ file });
console.log(url);
