import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { account, type CloudflareStandIn, cloudflareToken, startCloudflare } from "../support/cloudflare/stand-in.ts";
import { outcomeOf, run, runTool, spawnTool, start, temporaryFolder } from "../support/run.ts";
import { generateSources } from "../support/upstream.ts";

const name = "authentik-sources-edge";

let cloudflare: CloudflareStandIn;

beforeAll(async () => {
  cloudflare = await startCloudflare();
});

afterAll(() => cloudflare.close());

const variables = () => ({
  LIBSQL_URL: "",
  CLOUDFLARE_API_BASE_URL: cloudflare.base,
  CLOUDFLARE_API_TOKEN: cloudflareToken,
  CLOUDFLARE_ACCOUNT_ID: account,
  WRANGLER_CACHE_DIR: temporaryFolder(),
  WRANGLER_LOG_PATH: temporaryFolder(),
});

const boundDatabase = () => cloudflare.scripts.get(name)?.bindings.find(({ type }) => type === "d1")?.id;
const readyz = async () => (await fetch(`${cloudflare.worker}/readyz`)).json();
const changes = () => cloudflare.asked.filter((asked) => /^POST .*\/query$|^PUT .*edge$/.test(asked));

const migrations = readdirSync("drizzle").filter((name) => name.endsWith(".sql"));

describe("npm run deploy", () => {
  it("binds the one D1 with its tables each time, in a terminal and without one, and leaves wrangler.toml as it was", async () => {
    const before = readFileSync("wrangler.toml");
    const first = await outcomeOf(spawnTool("deploy", [], variables()));
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(first.stderr).toContain(`Migrations applied to the D1 database: ${migrations.length}\n`);
    expect(await readyz()).toMatchObject({ status: "ready", store: "d1" });
    const id = boundDatabase();

    const command = `${process.execPath} tools/cli.ts deploy`;
    const typed = ["-u", "CI", "-u", "NO_COLOR", "TERM=xterm", "script", "-qec", command, "/dev/null"];
    const second = await outcomeOf(start("env", typed, variables()));
    expect(second.code, second.stdout).toBe(0);
    expect(second.stdout).toContain("Store: the D1 database bound as DB");
    expect({ id: boundDatabase(), databases: cloudflare.databases.length }).toEqual({ id, databases: 1 });
    expect(readFileSync("wrangler.toml").equals(before)).toBe(true);
  });

  it("is followed by an import of more than one batch may have, which goes as a file", async () => {
    const rows = generateSources(2_000).map((row) => ({ ...row, additional_scopes: "x".repeat(4_500) }));
    const file = join(temporaryFolder(), "sources.json");
    writeFileSync(file, JSON.stringify(rows));
    cloudflare.asked.length = 0;
    const imported = await runTool("import", [file, "--remote"], variables());
    expect(imported, imported.stderr).toMatchObject({
      code: 0,
      stdout: "added 2000, changed 0, removed 0, unchanged 0\n",
    });
    expect(cloudflare.asked.filter((asked) => asked.endsWith("/import"))).toHaveLength(2);
    const again = await runTool("import", [file, "--remote"], variables());
    expect(again.stdout).toBe("added 0, changed 0, removed 0, unchanged 2000\n");
  });

  it("leaves the D1 of a Worker that reads LIBSQL_URL without tables, and shows a wrong store by a 503", async () => {
    cloudflare.scripts.clear();
    cloudflare.databases.length = 0;
    cloudflare.databases.push({ uuid: "d1000002-0000-4000-8000-000000000000", name: `${name}-db` });
    cloudflare.scripts.set(name, {
      code: "",
      bindings: [{ name: "LIBSQL_URL", type: "secret_text", text: "http://127.0.0.1:1" }],
    });
    cloudflare.asked.length = 0;
    const deployed = await outcomeOf(spawnTool("deploy", [], variables()));
    expect(deployed.code, deployed.stderr).toBe(0);
    expect(deployed.stderr).toContain("Store: the libSQL database at LIBSQL_URL");
    expect(changes()).toEqual([`PUT /workers/scripts/${name}`]);
    expect(await readyz()).toMatchObject({ status: "unavailable", store: "libsql" });
    cloudflare.variables.LIBSQL_URL = "";
    await cloudflare.restart(name);
    cloudflare.variables = {};
    expect(await readyz()).toMatchObject({
      status: "unavailable",
      store: "d1",
      problem: expect.stringContaining("the store is D1, and lacks the table"),
    });
  });

  it("applies the migrations before it deploys a Worker that is there", async () => {
    cloudflare.scripts.set(name, {
      code: "",
      bindings: [{ name: "DB", type: "d1", id: cloudflare.databases[0]?.uuid ?? "" }],
    });
    cloudflare.asked.length = 0;
    const deployed = await outcomeOf(spawnTool("deploy", [], variables()));
    expect(deployed.code, deployed.stderr).toBe(0);
    expect(changes().at(-1)).toBe(`PUT /workers/scripts/${name}`);
    expect(changes().length).toBeGreaterThan(4);
    expect(await readyz()).toMatchObject({ status: "ready", store: "d1" });
  });

  it("refuses to take another database away from the Worker", async () => {
    const other = { uuid: "d1000003-0000-4000-8000-000000000000", name: "sources" };
    cloudflare.databases.push(other);
    cloudflare.scripts.set(name, { code: "", bindings: [{ name: "DB", type: "d1", id: other.uuid }] });
    cloudflare.asked.length = 0;
    const { code, stderr } = await outcomeOf(spawnTool("deploy", [], variables()));
    expect({ code, changes: changes() }).toEqual({ code: 1, changes: [] });
    expect(stderr).toContain(`database_name = "sources" and database_id = "${other.uuid}"`);
  });

  it("bundles the Worker with --dry-run, and asks nobody", async () => {
    cloudflare.asked.length = 0;
    const outdir = join(temporaryFolder(), "out");
    const { code, stdout } = await run(
      process.execPath,
      ["tools/cli.ts", "deploy", "--dry-run", "--outdir", outdir],
      variables(),
    );
    expect({ code, asked: cloudflare.asked }).toEqual({ code: 0, asked: [] });
    expect(stdout).toContain("env.DB (authentik-sources-edge-db)");
  });
});
