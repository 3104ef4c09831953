import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Store, withLibsql } from "../../tools/store.ts";
import { temporaryFolder } from "../support/run.ts";

describe("the store of a tool", () => {
  const env = { LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}` };

  it("is open for its user, and closed after a good end and a bad one", async () => {
    const opened: Store[] = [];
    const use = async (db: Store) => {
      opened.push(db);
      return (await db.values<[number]>("SELECT 1"))[0]?.[0];
    };
    expect(await withLibsql({ env }, use)).toBe(1);
    await expect(withLibsql({ env }, async (db) => use(db).then(() => db.run("no SQL")))).rejects.toThrow();
    expect(opened.map(({ $client }) => $client.closed)).toEqual([true, true]);
  });
});
