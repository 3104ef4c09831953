import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";

describe("wrangler.toml", () => {
  it("binds D1 by a name and without an id, which each deployment finds for itself", () => {
    const { d1_databases } = unstable_readConfig({ config: "wrangler.toml" });
    expect(d1_databases).toEqual([
      { binding: "DB", database_name: "authentik-sources-edge-db", migrations_dir: "drizzle" },
    ]);
  });

  it("has a comment, without which wrangler would write into it", () => {
    expect(readFileSync("wrangler.toml", "utf8")).toMatch(/^#/m);
  });

  it("has migrations without carriage returns, which some ways into D1 do not take", async () => {
    expect(readFileSync(".gitattributes", "utf8")).toMatch(/^drizzle\/\*\* text eol=lf$/m);
    for await (const file of glob("drizzle/*.sql")) expect(readFileSync(file, "utf8"), file).not.toContain("\r");
  });
});
