import { join } from "node:path";
import { asc } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { apiTokens, listState, oauthSources } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { listTokens, revokeToken, storeToken, tokenRow } from "../../src/tokens/admin.ts";
import { listAsSql, tokenAsSql } from "../../tools/sql.ts";
import { migrateStore, openStore, type Store } from "../../tools/store.ts";
import { awkwardSources } from "../support/awkward-sources.ts";
import { temporaryFolder } from "../support/run.ts";
import { generateSources } from "../support/upstream.ts";

let db: Store;

beforeEach(async () => {
  db = openStore(`file:${join(temporaryFolder(), "sql.db")}`);
  await migrateStore(db);
});

describe("listAsSql", () => {
  it("puts into a store what an import would, whatever the texts are", async () => {
    const list = readList(awkwardSources());
    await db.$client.executeMultiple(listAsSql(list, 7));
    const stored = await db.select().from(oauthSources).orderBy(asc(oauthSources.pk));
    expect(stored.map(({ document, searchText }) => [document, searchText])).toEqual(
      list.documents.map(({ document, searchText }) => [document, searchText]),
    );
  });

  it("shows no scanner a word, a mark or an apostrophe of a text", () => {
    const sql = listAsSql(readList(awkwardSources()), 7);
    expect(sql).not.toMatch(/transaction|pragma|trigger|--|\/\*|''/i);
    for (const line of sql.trimEnd().split("\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(100_000);
  });

  it("has some hundred statements for 10,000 sources, each of which D1 takes", () => {
    const lines = listAsSql(readList(generateSources(10_000)), 7).split("\n");
    expect(lines.length).toBeLessThan(250);
    expect(lines.filter((line) => Buffer.byteLength(line) > 100_000)).toEqual([]);
  });

  it("puts together what no statement of D1 can hold, and leaves no table behind", async () => {
    const long = "it's ".repeat(10_000);
    const source = { ...generateSources(1)[0], name: long };
    const list = readList({ pagination: { count: 1 }, results: [source], autocomplete: { long } });
    const held = Array.from({ length: 10_000 }, (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, "1")}`);
    const sql = listAsSql({ ...list, held }, 7);
    expect(sql.split("\n").filter((line) => Buffer.byteLength(line) > 100_000)).toEqual([]);
    const tables = () => db.values("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
    const before = await tables();
    // A second time too, and over what a run that has died would leave.
    await db.run("CREATE TABLE import_values (x)");
    for (let time = 1; time <= 2; time++) await db.$client.executeMultiple(sql);
    expect(await tables()).toEqual(before);
    const [stored] = await db.select().from(oauthSources);
    const { document, searchText } = list.documents[0] ?? {};
    expect(stored).toMatchObject({ document, searchText });
    expect(await db.select().from(listState)).toMatchObject([{ beside: JSON.stringify({ autocomplete: { long } }) }]);
  });
});

describe("tokenAsSql", () => {
  it("leaves a token revoked that was revoked since the file was made", async () => {
    const fields = { name: "status page", scope: "sources:read", createdAt: 1, expiresAt: null } as const;
    const sql = tokenAsSql(await tokenRow("a-token", fields));
    await db.$client.executeMultiple(sql);
    const [stored] = await listTokens(db);
    await revokeToken(db, stored?.id ?? 0, 7);
    await db.$client.executeMultiple(sql);
    expect(await listTokens(db)).toMatchObject([{ revokedAt: 7 }]);
    await storeToken(db, "another", fields);
    expect(await db.select().from(apiTokens)).toHaveLength(2);
  });
});
