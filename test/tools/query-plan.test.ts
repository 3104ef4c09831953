import { join } from "node:path";
import type { InValue } from "@libsql/client";
import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/db/database.ts";
import { listState, oauthSources } from "../../src/db/schema.ts";
import { readSource, selectPage } from "../../src/sources/page.ts";
import { listQuerySchema } from "../../src/sources/query.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { migrateStore, openStore, type Store } from "../../tools/store.ts";
import { readFixture, temporaryFolder } from "../support/run.ts";

let db: Store;

beforeAll(async () => {
  db = openStore(`file:${join(temporaryFolder(), "store.db")}`, undefined);
  await migrateStore(db);
  await replaceSources(db, readList(readFixture("many")), { now: Date.now() });
});

/** How SQLite goes about the statements of a query: a line for each step, of the rows' statement and of the count's. */
async function planOf(parameters: Record<string, string>): Promise<{ rows: string; count: string }> {
  const plans: string[] = [];
  const explained = {
    select: db.select.bind(db),
    async batch(queries: { toSQL(): { sql: string; params: InValue[] } }[]) {
      for (const query of queries) {
        const { sql, params } = query.toSQL();
        const { rows } = await db.$client.execute({ sql: `explain query plan ${sql}`, args: params });
        plans.push(rows.map(({ detail }) => detail).join("\n"));
      }
      return [[], []];
    },
  } as unknown as Database;
  await selectPage(explained, listQuerySchema.parse(parameters));
  return { rows: plans[0] ?? "", count: plans[1] ?? "" };
}

describe("the plan of a query", () => {
  it("reads the default page in the order of an index, without a sort, and counts nothing", async () => {
    const { rows, count } = await planOf({});
    expect(rows).toContain("SCAN oauth_sources USING INDEX oauth_sources_by_name");
    expect(rows).not.toContain("TEMP B-TREE");
    expect(count).toBe("SCAN list_state");
  });

  it.each([
    ["slug", "oauth_sources_slug_unique"],
    ["provider_type", "oauth_sources_by_provider_type"],
    ["consumer_key", "oauth_sources_by_consumer_key"],
    ["authentication_flow", "oauth_sources_by_authentication_flow"],
    ["enrollment_flow", "oauth_sources_by_enrollment_flow"],
  ])("finds an exact %s without a scan", async (name, index) => {
    const value = name.endsWith("_flow") ? "11111111-1111-4111-8111-111111111111" : "x";
    for (const plan of Object.values(await planOf({ [name]: value }))) {
      expect(plan).toContain(index);
      expect(plan).not.toContain("SCAN oauth_sources");
    }
  });

  it("finds an exact name by the index of the default order", async () => {
    expect((await planOf({ name: "x" })).rows).toContain("SEARCH oauth_sources USING INDEX oauth_sources_by_name");
  });

  it("searches an index alone, and sorts nothing", async () => {
    const { rows, count } = await planOf({ search: "two terms" });
    expect(rows).toContain("SCAN oauth_sources USING INDEX oauth_sources_by_name");
    expect(rows).not.toContain("TEMP B-TREE");
    expect(count).toContain("SCAN oauth_sources USING COVERING INDEX oauth_sources_by_name");
  });
});

describe("the number of sources", () => {
  const counted = async () => {
    const [state] = await db.select({ count: listState.count }).from(listState);
    return state?.count;
  };

  it("is kept, whoever writes", async () => {
    expect(await counted()).toBe(await db.$count(oauthSources));
    const { rows } = await selectPage(db, listQuerySchema.parse({ page_size: "1" }));
    const slug = rows[0]?.slug ?? "";
    const before = (await counted()) ?? 0;
    await db.delete(oauthSources).where(eq(oauthSources.slug, slug));
    expect(await readSource(db, slug, "https://authentik.example")).toBeUndefined();
    expect(await counted()).toBe(before - 1);
  });
});
