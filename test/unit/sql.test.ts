import { join } from "node:path";
import { asc } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { apiTokens, oauthSources } from "../../src/db/schema.ts";
import { readList } from "../../src/sync/list.ts";
import { listTokens, revokeToken, storeToken, tokenRow } from "../../src/tokens/admin.ts";
import { listAsSql, tokenAsSql } from "../../tools/sql.ts";
import { migrateStore, openStore, type Store } from "../../tools/store.ts";
import { awkwardSources } from "../support/awkward-sources.ts";
import { temporaryFolder } from "../support/run.ts";
import { generateSources, padSource } from "../support/upstream.ts";

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
    for (const line of sql.trimEnd().split("\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(100_002);
  });

  it("names a source that no statement of D1 can hold", () => {
    const [source] = generateSources(1);
    if (!source) throw new Error("there is no source");
    const large = { ...padSource(source, 60_000), additional_scopes: "'".repeat(55_000) };
    expect(() => listAsSql(readList([large]), 7)).toThrow(
      `the source ${source.slug} is too large for a statement of D1`,
    );
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
