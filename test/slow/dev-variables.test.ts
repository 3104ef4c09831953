import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDev } from "../support/dev.ts";
import { fixturePath, runTool, temporaryFolder } from "../support/run.ts";

describe("npm run dev", () => {
  it("hands the variables over to the Worker as they are", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "wrangler.toml"),
      'name = "echo"\nmain = "echo.ts"\ncompatibility_date = "2026-10-01"\n[vars]\nAUTHENTIK_URL = "https://authentik.example"\n',
    );
    writeFileSync(join(folder, "echo.ts"), "export default { fetch: (_, env) => Response.json(env) };\n");
    const given = {
      LIBSQL_URL: "http://127.0.0.1:1/a$HOME",
      LIBSQL_AUTH_TOKEN: `a$HOME b\${HOME}c \\$HOME "d" 'e' \`f\` # g=h:i `,
      AUTHENTIK_TOKEN: "-- line one\nline two\\n\r\n\ttab \\",
      AUTHENTIK_SYNC_URL: '"wholly quoted"',
      SYNC_HOOK_SECRET: "Az09._~+/=-Az09._~+/=-Az09._~+/=-",
      EDGE_CACHE: "off",
      SYNC_MAX_AGE_SECONDS: "",
    };
    const dev = await startDev(["--port", "0", "--config", join(folder, "wrangler.toml")], given);
    const { SYNC_MAX_AGE_SECONDS: _, ...arrived } = given;
    expect(await (await fetch(dev.origin)).json()).toEqual({
      ...arrived,
      CACHE_FRESH_SECONDS: "2",
      CACHE_STALE_SECONDS: "0",
      AUTHENTIK_URL: "https://authentik.example",
    });
    await dev.stop();
  });

  it("names a wrong variable of the sync, and serves", async () => {
    const dev = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(temporaryFolder(), "store.db")}`,
      SYNC_HOOK_SECRET: "hunter2",
    });
    expect(dev.output()).toMatch(
      /^(?!.*hunter2).*the configuration of the sync is wrong: SYNC_HOOK_SECRET must have /ms,
    );
    const response = await fetch(`${dev.origin}/sources/oauth/`, { headers: { Authorization: "Bearer dev-token" } });
    expect(response.status).toBe(200);
    await dev.stop();
  });

  it.each([
    [{ EDGE_CACHE: "bogus" }, /EDGE_CACHE/],
    [{ CACHE_FRESH_SECONDS: "-1" }, /CACHE_FRESH_SECONDS/],
    [{ CORS_ORIGINS: "app.example" }, /CORS_ORIGINS/],
    [{ DEV_TOKEN: 'a"b' }, /DEV_TOKEN/],
  ])("refuses %j before anything is made", async (variables, message) => {
    const file = join(temporaryFolder(), "store.db");
    const { code, stdout, stderr } = await runTool("dev", [], { LIBSQL_URL: `file:${file}`, ...variables });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(existsSync(file)).toBe(false);
  });
});

it.each([["import", fixturePath("company")], ["sync"]])(
  "npm run %s refuses a wrong variable too",
  async (tool, ...args) => {
    const { code, stdout, stderr } = await runTool(tool, args, { EDGE_CACHE: "bogus" });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/EDGE_CACHE/);
  },
);

it("npm run sync refuses a wrong variable of its own", async () => {
  const { code, stderr } = await runTool("sync", [], { SYNC_ALLOW_REMOVALS: "yes" });
  expect(code).toBe(2);
  expect(stderr).toContain("the configuration of the sync is wrong: SYNC_ALLOW_REMOVALS must be true or false");
});
