import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "drizzle-orm/libsql/migrator";
import { expect, it } from "vitest";
import { oauthSources, syncRuns } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { listRuns } from "../../src/sync/runs.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";

/** The migrations up to one of them, as an older version has them. */
function olderMigrations(last: string): string {
  const folder = join(temporaryFolder(), "drizzle");
  mkdirSync(folder);
  cpSync("drizzle", folder, { recursive: true });
  const journal = JSON.parse(readFileSync("drizzle/meta/_journal.json", "utf8"));
  const count = journal.entries.findIndex(({ tag }: { tag: string }) => tag === last) + 1;
  writeFileSync(
    join(folder, "meta/_journal.json"),
    JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }),
  );
  return folder;
}

it("the tables of 0.2.0 are migrated with their sources and runs", async () => {
  const db = openStore(`file:${join(temporaryFolder(), "old.db")}`, undefined);
  await migrate(db, { migrationsFolder: olderMigrations("0001_first_state") });
  const { documents } = readList(readFixture("adversarial"));
  const rows = documents.map(({ pk, document, searchText }) => [pk, document, searchText]);
  await db.run(
    `INSERT INTO oauth_sources SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each('${JSON.stringify(rows).replaceAll("'", "''")}')`,
  );
  await db.run(
    `INSERT INTO sync_runs (started_at, duration_ms, "trigger", upstream, outcome) VALUES (1, 2, 'cron', 'x', 'changed')`,
  );
  const columns =
    "SELECT pk, document, search_text, name, slug, enabled, managed, provider_type, has_jwks, pkce FROM oauth_sources ORDER BY pk";
  const before = await db.values(columns);

  await migrateStore(db);

  expect(await db.values(columns)).toEqual(before);
  expect(before).toHaveLength(67);
  expect(await db.$count(oauthSources)).toBe(67);
  expect((await listRuns(db, 1)).lastGood).toMatchObject({ warnings: 0, firstWarnings: [] });
  // What an older version writes.
  await db.run(
    `INSERT INTO sync_runs (started_at, duration_ms, "trigger", upstream, outcome) VALUES (1, 2, 'cron', 'x', 'changed')`,
  );
  expect(await db.$count(syncRuns)).toBe(2);
});
