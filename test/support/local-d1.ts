import { join } from "node:path";
import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";
import { openLocalD1 } from "../../tools/local-d1.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A local D1 of its own with its tables, which wrangler's command would take three seconds to make. */
export async function startLocalD1() {
  const folder = join(temporaryFolder(), "d1");
  const local = await openLocalD1(folder);
  await migrate(drizzle(local.DB), { migrationsFolder: "drizzle" });
  return { folder, ...local };
}
