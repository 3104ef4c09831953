import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import manifest from "../../package.json" with { type: "json" };

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

  it("has a description for whatever the button asks for, which is what the example of .dev.vars sets", () => {
    const asked = [...readFileSync(".dev.vars.example", "utf8").matchAll(/^(\w+)=(.*)$/gm)];
    expect(asked.map(([, name]) => name)).toEqual(["AUTHENTIK_URL", "AUTHENTIK_TOKEN", "SYNC_HOOK_SECRET"]);
    expect(asked.map(([, , value]) => value)).toEqual(["", "", ""]);
    const { bindings } = manifest.cloudflare;
    expect(Object.keys(bindings)).toEqual(["DB", ...asked.map(([, name]) => name)]);
    for (const { description } of Object.values(bindings)) expect(description).not.toBe("");
    expect(manifest.scripts.deploy).toBe("node tools/cli.ts deploy");
  });

  it("has migrations without carriage returns, which some ways into D1 do not take", async () => {
    expect(readFileSync(".gitattributes", "utf8")).toMatch(/^drizzle\/\*\* text eol=lf$/m);
    for await (const file of glob("drizzle/*.sql")) expect(readFileSync(file, "utf8"), file).not.toContain("\r");
  });
});
