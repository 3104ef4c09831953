import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";

/** A configuration as wrangler reads it, less its own path and its store. */
function readConfig(config: string) {
  const { configPath: _, userConfigPath: __, d1_databases, ...others } = unstable_readConfig({ config });
  return { d1_databases, others };
}

describe("the configuration over D1", () => {
  it("is the same for D1 as for libSQL, but for the store", () => {
    const libsql = readConfig("wrangler.toml");
    const d1 = readConfig("wrangler.d1.jsonc");
    expect(d1.others).toEqual(libsql.others);
    expect(libsql.d1_databases).toEqual([]);
    expect(d1.d1_databases).toMatchObject([{ binding: "DB", migrations_dir: "drizzle" }]);
  });

  it("has no comments where wrangler may write the database's id, which would lose them", () => {
    expect(() => JSON.parse(readFileSync("wrangler.d1.jsonc", "utf8"))).not.toThrow();
  });

  it("has migrations without carriage returns, which some ways into D1 do not take", async () => {
    expect(readFileSync(".gitattributes", "utf8")).toMatch(/^drizzle\/\*\* text eol=lf$/m);
    for await (const file of glob("drizzle/*.sql")) expect(readFileSync(file, "utf8"), file).not.toContain("\r");
  });
});
