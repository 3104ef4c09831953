import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AnyD1Database } from "drizzle-orm/d1";
import { drizzle } from "drizzle-orm/d1";
import { migrate } from "drizzle-orm/d1/migrator";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openD1 } from "../../src/db/d1.ts";
import { account, type CloudflareStandIn, cloudflareToken, startCloudflare } from "../support/cloudflare/stand-in.ts";
import { fixturePath, readFixture, runTool, temporaryFolder } from "../support/run.ts";
import { fillStore } from "../support/stores.ts";
import { generateSources, sendJson, servePages, startUpstream } from "../support/upstream.ts";

const id = "d1000001-0000-4000-8000-000000000000";
const name = "authentik-sources-edge";

let cloudflare: CloudflareStandIn;
let store: Awaited<ReturnType<typeof fillStore>>;

beforeAll(async () => {
  cloudflare = await startCloudflare();
  cloudflare.databases.push({ uuid: id, name: `${name}-db` });
  const engine: AnyD1Database = await cloudflare.engineOf(id);
  await migrate(drizzle(engine), { migrationsFolder: "drizzle" });
  store = await fillStore(openD1(engine), readFixture("company").results);
});

afterAll(() => cloudflare.close());

const deployed = [
  { name: "DB", type: "d1", id },
  { name: "SYNC_RUNNER", type: "durable_object_namespace" },
];

beforeEach(async () => {
  cloudflare.intercept = () => false;
  cloudflare.loses = () => false;
  cloudflare.asked.length = 0;
  cloudflare.scripts.set(name, { code: "", bindings: deployed });
});

const variables = () => ({
  LIBSQL_URL: "",
  CLOUDFLARE_API_BASE_URL: cloudflare.base,
  CLOUDFLARE_API_TOKEN: cloudflareToken,
  CLOUDFLARE_ACCOUNT_ID: account,
});

async function remote(tool: string, args: string[], others: Record<string, string> = {}, storeMs?: number) {
  const outcome = await runTool(tool, [...args, "--remote"], { ...variables(), ...others }, { storeMs });
  expect(outcome.stdout + outcome.stderr).not.toContain(cloudflareToken);
  return outcome;
}

const isWrite = (asked: string) => asked === `POST /d1/database/${id}/query`;

function fileOf(rows: unknown[]): string {
  const file = join(temporaryFolder(), "sources.json");
  writeFileSync(file, JSON.stringify(rows));
  return file;
}

describe("the tools over the deployed D1", () => {
  it("make, list and revoke tokens", async () => {
    const made = await remote("token", ["create", "--name", "status page", "--expires", "90d"]);
    expect(made, made.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ase_\w{36}\n$/) });
    const { stdout } = await remote("token", ["list"]);
    const [, number = ""] =
      new RegExp(`^(\\d+) {2}…${made.stdout.trim().slice(-4)} .*status page$`, "m").exec(stdout) ?? [];
    expect(await remote("token", ["revoke", number])).toMatchObject({
      code: 0,
      stdout: `token ${number} is revoked\n`,
    });
    expect(await remote("token", ["revoke", "999"])).toMatchObject({
      code: 1,
      stderr: "token: there is no token 999\n",
    });
  });

  it("import a file, all or nothing", async () => {
    const rows = generateSources(700, "Imported");
    const imported = await remote("import", [fileOf(rows)]);
    expect(imported, imported.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^added 700, changed 0/),
    });
    expect(await store.look()).toMatchObject({ names: "Imported", count: 700, counted: 700 });
    const before = await store.look();
    const wrong = await remote("import", [fileOf([...rows, { name: "no source" }])]);
    expect(wrong.code).toBe(1);
    expect(await store.look()).toEqual(before);
  });

  it("sync with an authentik, show what would change, and show the runs", async () => {
    const upstream = await startUpstream(servePages(readFixture("company").results));
    const authentik = { AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "ak", SYNC_ALLOW_REMOVALS: "true" };
    const before = await store.look();
    const dry = await remote("sync", ["--dry-run"], authentik);
    expect(dry, dry.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^added 12, /m) });
    expect(await store.look()).toEqual(before);
    const synced = await remote("sync", [], authentik);
    expect(synced, synced.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^added 12, /) });
    expect(await store.look()).toMatchObject({ count: 12, counted: 12, revision: before.revision + 1 });
    expect((await remote("sync", ["--status"])).stdout).toMatch(/command {2}changed .* added 12/);
    await upstream.close();
  });

  it("find nothing to migrate where all is applied", async () => {
    const engine = await cloudflare.engineOf(id);
    const names = readdirSync("drizzle").filter((each) => each.endsWith(".sql"));
    await engine.prepare("CREATE TABLE d1_migrations (name TEXT)").run();
    for (const each of names) await engine.prepare("INSERT INTO d1_migrations VALUES (?)").bind(each).run();
    const migrated = await remote("migrate", []);
    expect(migrated, migrated.stderr).toMatchObject({
      code: 0,
      stdout: "The migrations are applied to the deployed D1: 0 were missing\n",
    });
  });

  it("say where there is nothing to work on", async () => {
    const list = () => remote("token", ["list"]);
    cloudflare.scripts.set(name, { code: "", bindings: [...deployed, { name: "LIBSQL_URL", type: "secret_text" }] });
    expect((await list()).stderr).toContain("reads LIBSQL_URL and not its D1: set LIBSQL_URL, and leave --remote out");
    cloudflare.scripts.set(name, { code: "", bindings: [] });
    expect((await list()).stderr).toContain("has no D1 as DB: `npm run deploy` binds it");
    cloudflare.scripts.delete(name);
    expect(await list()).toMatchObject({ code: 1, stderr: expect.stringContaining("`npm run setup`") });
  });

  it.each([
    [["--d1"], {}, "--d1 and --remote are two stores"],
    [[], { LIBSQL_URL: "file:x" }, "--remote and LIBSQL_URL are two stores"],
  ])("refuse another store beside it: %j", async (args, others, message) => {
    const { code, stderr } = await remote("token", ["list", ...args], others as Record<string, string>);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("a fault of Cloudflare's API", () => {
  const refuse = (status: number, headers = {}) => {
    cloudflare.intercept = (_, response) => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(JSON.stringify({ success: false, errors: [{ code: 10000, message: `no ${cloudflareToken}` }] }));
      return true;
    };
  };

  const calls = [
    ["token", "list"],
    ["token", "create", "--name", "x"],
    ["import", fixturePath("company")],
    ["sync", "--status"],
    ["migrate"],
  ];
  const statuses: [number, string][] = [
    [401, "run `npx wrangler login`"],
    [403, "the token must be allowed to edit Workers Scripts and D1"],
    [500, "Cloudflare is not well"],
  ];

  it.each(calls.flatMap((call) => statuses.map((status) => [call, ...status] as const)))(
    "is a sentence of %j: %i",
    async ([tool = "", ...args], status, message) => {
      refuse(status);
      const { code, stdout, stderr } = await remote(tool, args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(`Cloudflare answered ${status}`);
      expect(stderr).toContain(message);
    },
  );

  it("that loses the answers to what a token needs loses no token", async () => {
    const losing = () => {
      let isFirst = true;
      cloudflare.loses = (asked, body) => {
        const isLost = isFirst && isWrite(asked) && !/^\s*select/i.test(JSON.parse(body).sql);
        if (isLost) isFirst = false;
        return isLost;
      };
    };
    losing();
    const made = await remote("token", ["create", "--name", "once"]);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const listed = (await remote("token", ["list"])).stdout.split("\n").filter((line) => line.endsWith(" once"));
    expect(listed).toHaveLength(1);
    const [id = ""] = listed[0]?.split(" ") ?? [];
    cloudflare.loses = (asked) =>
      asked.endsWith("/raw") && cloudflare.asked.filter((each) => each === asked).length === 2;
    cloudflare.asked.length = 0;
    expect(await remote("token", ["revoke", id])).toMatchObject({
      code: 0,
      stdout: `token ${id} was revoked before\n`,
    });
  });

  it("that limits how often it is asked is waited for, and then said", async () => {
    refuse(429, { "Retry-After": "7" });
    const waits: number[] = [];
    const wait = async (milliseconds: number) => waits.push(milliseconds);
    const { code, stderr } = await runTool("token", ["list", "--remote"], variables(), { wait });
    expect({ code, waits }).toEqual({ code: 1, waits: [7_000, 7_000] });
    expect(stderr).toContain("run the same command again in a few minutes");
    let first = true;
    cloudflare.intercept = (_, response) => {
      if (!first) return false;
      first = false;
      sendJson(response, { success: false, errors: [] }, 429);
      return true;
    };
    expect(await remote("token", ["list"])).toMatchObject({ code: 0 });
  });

  it("that never answers ends in time", async () => {
    cloudflare.intercept = () => true;
    const { code, stderr } = await remote("token", ["list"], {}, 100);
    expect(code).toBe(1);
    expect(stderr).toContain("Cloudflare gave no answer");
  });

  it("that loses the answer to a write leaves no doubt of what was written, and the next run finds it", async () => {
    const file = fileOf(generateSources(20, "Lost"));
    cloudflare.loses = isWrite;
    const lost = await remote("import", ["--allow-removals", file]);
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(/Cloudflare gave no answer .*; the list has changed all the same, .*\n$/);
    cloudflare.loses = () => false;
    expect(await remote("import", [file])).toMatchObject({ stdout: "added 0, changed 0, removed 0, unchanged 20\n" });
  });

  it("that applies a write in part is seen", async () => {
    const engine = await cloudflare.engineOf(id);
    cloudflare.intercept = (asked, response) => {
      if (!isWrite(asked)) return false;
      void engine
        .prepare("DELETE FROM oauth_sources WHERE name LIKE '%1'")
        .run()
        .then(() => response.destroy());
      return true;
    };
    const { code, stderr } = await remote("import", [fileOf(generateSources(30, "Part"))]);
    cloudflare.intercept = () => false;
    expect(code).toBe(1);
    expect(stderr).toContain("a write was applied in part, so run the same command again");
    expect(await remote("import", [fileOf(generateSources(30, "Part"))])).toMatchObject({ code: 0 });
    expect(await store.look()).toMatchObject({ count: 30, counted: 30 });
  });

  it("that another writer is faster than is told as such, and leaves the other's list", async () => {
    const engine = await cloudflare.engineOf(id);
    cloudflare.intercept = (asked, response) => {
      if (!isWrite(asked)) return false;
      void engine
        .prepare("UPDATE list_state SET revision = revision + 1")
        .run()
        .then(() =>
          sendJson(
            response,
            { success: false, errors: [{ code: 7500, message: "NOT NULL constraint failed: list_state.revision" }] },
            400,
          ),
        );
      return true;
    };
    const before = await store.look();
    const { code, stderr } = await remote("import", [fileOf(generateSources(3, "Slow"))]);
    cloudflare.intercept = () => false;
    expect(code).toBe(1);
    expect(stderr).toBe("import: another writer was faster each time: run the same command again\n");
    expect((await store.look()).names).toBe(before.names);
  });

  it("is not met by more than it takes at once: a sync says so", async () => {
    const rows = generateSources(2_000).map((row) => ({ ...row, additional_scopes: "x".repeat(4_500) }));
    const upstream = await startUpstream(servePages(rows));
    const authentik = { AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "a-token" };
    const { code, stderr } = await remote("sync", [], authentik);
    await upstream.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/the changes have 1\d\.\d MiB, more than the 8\.0 MiB that Cloudflare takes at once/);
  });
});
