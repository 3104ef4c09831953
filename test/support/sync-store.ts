import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { asc } from "drizzle-orm";
import { listState, oauthSources, sourceTypes, syncRuns } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const template = join(folder, "template.db");
const templateDb = openStore(`file:${template}`, undefined);
const migrated = migrateStore(templateDb).then(() => templateDb.$client.close());
let made = 0;

/** A store in a file of its own, with the given rows in it. */
export async function createFileStore(rows: unknown[] = []) {
  await migrated;
  const file = join(folder, `${++made}.db`);
  copyFileSync(template, file);
  const url = `file:${file}`;
  const db = openStore(url, undefined);
  const load = (list: unknown) => replaceSources(db, readList(list), { now: Date.now() });
  await load(rows);
  async function snapshot() {
    const sources = await db.select().from(oauthSources).orderBy(asc(oauthSources.pk));
    const types = await db.select().from(sourceTypes).orderBy(asc(sourceTypes.position));
    return { sources, types, state: await db.select().from(listState) };
  }
  return {
    db,
    file,
    url,
    load,
    /** All that readers see, and the revision. */
    snapshot,
    /** All that readers see: a run that finds nothing to write raises the revision alone. */
    async shown() {
      const { state, ...lists } = await snapshot();
      return { ...lists, state: state.map((row) => ({ ...row, revision: undefined })) };
    },
    slugs: async () => (await db.select().from(oauthSources).orderBy(asc(oauthSources.slug))).map(({ slug }) => slug),
    runs: () => db.select().from(syncRuns).orderBy(asc(syncRuns.id)),
  };
}
