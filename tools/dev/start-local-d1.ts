import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "../command.ts";
import { migrateLocalD1, withLocalD1 } from "../local-d1.ts";
import { fill } from "./start-store.ts";

/** Makes the local D1 in a folder ready: its tables, sources if it has none, and the development token. */
export async function startLocalD1(folder: string, devToken: string, { env, print }: Io) {
  print("Preparing the local D1…");
  await migrateLocalD1(folder, env);
  const sources = await withLocalD1(folder, (db) => fill(db, devToken, env));
  // wrangler keeps the Worker's cache there as well, which is of one run only.
  rmSync(join(folder, "v3", "cache"), { recursive: true, force: true });
  return { shown: `D1 in ${folder}, with ${sources}`, args: ["--persist-to", folder] };
}
