import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { listQuerySchema } from "../../src/source/query.ts";
import { pageStatement } from "../../src/store/page.ts";
import type { Store } from "../../tools/store.ts";
import { readFixture } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";

let db: Store;

beforeAll(async () => {
  ({ db } = await createFileStore(readFixture("many").results));
});

/** How SQLite goes about a query: a line for each step, of the rows and of their count, which stands before them. */
async function planOf(parameters: Record<string, string>): Promise<{ rows: string; count: string }> {
  const statement = pageStatement(listQuerySchema.parse(parameters), "https://authentik.example");
  const steps = await db.values<[number, number, number, string]>(sql`explain query plan ${statement}`);
  const lines = steps.map((step) => step[3]);
  const [left = 0, right = 0] = ["LEFT-MOST SUBQUERY", "UNION ALL"].map((step) => lines.indexOf(step));
  return { rows: lines.slice(right + 1).join("\n"), count: lines.slice(left + 1, right).join("\n") };
}

describe("pageStatement", () => {
  it("reads the default page in the order of an index, without a sort, and counts nothing", async () => {
    const { rows, count } = await planOf({});
    expect(rows).toContain("SCAN oauth_sources USING INDEX oauth_sources_by_name");
    expect(rows).not.toContain("TEMP B-TREE");
    expect(count).toBe("SCAN list_state");
  });

  it.each([
    ["slug", "oauth_sources_by_slug"],
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
