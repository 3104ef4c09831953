import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openD1 } from "../../src/db/d1.ts";
import { listTokens } from "../../src/tokens/admin.ts";
import { startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { type Authentik, adminToken, startAuthentik } from "../support/authentik/stub.ts";
import { account, type CloudflareStandIn, cloudflareToken, startCloudflare } from "../support/cloudflare/stand-in.ts";
import { commandLine, descendants, filesBelow } from "../support/processes.ts";
import { readFixture, run, runTool, temporaryFolder } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, pageOf, sendJson } from "../support/upstream.ts";

const name = "authentik-sources-edge";

let authentik: Authentik;
let cloudflare: CloudflareStandIn;
let sources: unknown[];
/** Of every process that ran while Cloudflare was asked. */
let commandLines: Set<string>;
let logs: string;
/** Where the tool puts its own files, and no other test. */
let temporary: string;

/** What neither stand-in answers any more. */
let isCut: boolean;

beforeEach(async () => {
  [authentik, cloudflare] = await Promise.all([startAuthentik("2026.8.3"), startCloudflare()]);
  sources = readFixture("company").results;
  commandLines = new Set();
  logs = temporaryFolder();
  temporary = temporaryFolder();
  vi.stubEnv("TMPDIR", temporary);
  isCut = false;
  authentik.intercept = (asked, response) => {
    if (isCut) return Boolean(response.destroy());
    if (asked === "GET /sources/oauth/") sendJson(response, pageOf(sources));
    else if (asked === "GET /sources/oauth/source_types/") response.writeHead(404).end();
    else return false;
    return true;
  };
  cloudflare.intercept = (_, response) => {
    for (const pid of descendants(process.pid)) commandLines.add(commandLine(pid));
    return isCut && Boolean(response.destroy());
  };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([authentik.close(), cloudflare.close()]);
  expect(authentik.violations).toEqual([]);
});

const secrets = () => [
  adminToken,
  cloudflareToken,
  ...authentik.model.keys.values(),
  ...(cloudflare.scripts.get(name)?.bindings ?? []).flatMap(({ name, text }) =>
    text && /TOKEN|SECRET/.test(name) ? [text] : [],
  ),
];

/** Runs it in this process, wrangler in processes of its own; no secret is to be seen anywhere. */
async function setUp(args: string[], others: Record<string, string> = {}) {
  const variables = {
    LIBSQL_URL: "",
    SYNC_HOOK_SECRET: "",
    AUTHENTIK_ADMIN_TOKEN: adminToken,
    CLOUDFLARE_API_BASE_URL: cloudflare.base,
    CLOUDFLARE_API_TOKEN: cloudflareToken,
    CLOUDFLARE_ACCOUNT_ID: account,
    WRANGLER_CACHE_DIR: temporaryFolder(),
    WRANGLER_LOG_PATH: logs,
    ...others,
  };
  const wait = (milliseconds: number) => sleep(Math.min(milliseconds, 100));
  const outcome = await runTool("setup", [authentik.origin, ...args], variables, { wait });
  const seen = [
    outcome.stdout,
    outcome.stderr,
    ...commandLines,
    ...filesBelow(logs).map((path) => readFileSync(path, "utf8")),
  ];
  if (outcome.code === 0) expect([...commandLines].join()).toContain("--secrets-file");
  for (const secret of secrets()) for (const text of seen) expect(text).not.toContain(secret);
  expect(filesBelow(temporary).filter((path) => path.endsWith("secrets.json"))).toEqual([]);
  return outcome;
}

const install = () => setUp(["--address", cloudflare.worker]);

const countTokens = async (id: string) =>
  (await listTokens(openD1(await cloudflare.engineOf(id))).catch(() => [])).length;

async function site() {
  const [database] = cloudflare.databases;
  const { tables } = authentik.model;
  const readyz = await (await fetch(`${cloudflare.worker}/readyz`)).json();
  return {
    databases: cloudflare.databases.length,
    readers: tables["/core/users/"].rows.length,
    hooks: tables["/events/rules/"].rows.length,
    bindings: tables["/policies/bindings/"].rows.length,
    tokens: database && (await countTokens(database.uuid)),
    readyz,
  };
}

/** The steps, whatever their addresses are. */
const ticksOf = (text: string) => (text.match(/^✓ .*$/gm) ?? []).map((line) => line.replace(/https?:\S+/, "ADDRESS"));

const one = {
  ...{ databases: 1, readers: 1, hooks: 1, bindings: 1, tokens: 1 },
  readyz: expect.objectContaining({
    status: "ready",
    store: "d1",
    sync: expect.objectContaining({ trigger: "webhook" }),
  }),
};

describe("npm run setup", () => {
  it("makes a replica whose curl works, follows a webhook, can be run again, and takes all back", async () => {
    const first = await install();
    expect(first.code, first.stderr).toBe(0);
    expect(ticksOf(first.stderr)).toEqual(ticksOf(readFileSync("README.md", "utf8")));
    expect(await site()).toEqual(one);
    const [token = "", curl = ""] = first.stdout.trim().split("\n");
    expect(token).toMatch(/^ase_\w{36}$/);
    expect(curl).toContain(token);
    const list = async () => JSON.parse((await run("sh", ["-c", `${curl} --silent --fail`])).stdout);
    expect((await list()).results.map(({ slug }: { slug: string }) => slug)).toHaveLength(12);

    sources = [...sources, ...generateSources(1)];
    const [transport] = authentik.model.tables["/events/transports/"].rows;
    const told = await fetch(`${authentik.origin}/api/v3/events/transports/${transport?.pk}/test/`, {
      method: "POST",
      headers: { Authorization: `Bearer ${adminToken}` },
    });
    expect(told.status).toBe(200);
    await vi.waitFor(async () => expect((await list()).pagination.count).toBe(13), { timeout: 60_000, interval: 200 });

    const second = await install();
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toMatch(/^curl -H "Authorization: Bearer TOKEN" /);
    expect(await site()).toEqual(one);

    const removed = await setUp(["--remove", "--yes"]);
    expect(removed.code, removed.stderr).toBe(0);
    expect({ workers: cloudflare.scripts.size, databases: cloudflare.databases.length }).toEqual({
      workers: 0,
      databases: 1,
    });
    expect(Object.values(authentik.model.tables).flatMap(({ rows }) => rows)).toEqual([]);
    expect((await setUp(["--remove", "--yes", "--with-data"])).code).toBe(0);
    expect(cloudflare.databases).toEqual([]);
  });

  it("does the same over a libSQL server, and then asks for its address", async () => {
    const { file } = await createFileStore();
    const server = await startLibsqlBridge({ file, authToken: "a-token-of-the-store" });
    const store = ["--libsql", server.url, "--address", cloudflare.worker];
    const made = await setUp(store, { LIBSQL_AUTH_TOKEN: "a-token-of-the-store" });
    expect(made.code, made.stderr).toBe(0);
    const { readyz } = await site();
    expect(readyz).toMatchObject({ status: "ready", store: "libsql", sync: { trigger: "webhook" } });
    const curl = made.stdout.trim().split("\n").at(-1);
    expect(JSON.parse((await run("sh", ["-c", `${curl} --silent --fail`])).stdout).results).toHaveLength(12);
    const isOfD1 = (asked: string) => /^POST .*\/query$/.test(asked);
    expect(cloudflare.asked.filter(isOfD1)).toEqual([]);
    expect((await install()).stderr).toContain("reads a libSQL database: give its address with --libsql");
    await server.close();
  });

  it("goes on after it was cut after each request that changes something, and ends with one of each", async () => {
    const seen = new Set<string>();
    const cutAfter = (change: string) => {
      if (seen.has(change)) return false;
      seen.add(change);
      isCut = true;
      return true;
    };
    authentik.loses = (asked) => !asked.startsWith("GET ") && cutAfter(asked);
    cloudflare.loses = (asked, body) => {
      const { sql = "" } = asked.endsWith("/query") ? JSON.parse(body) : {};
      const isReading = asked.startsWith("GET ") || asked.endsWith("/raw") || /^\s*select/i.test(sql);
      return !isReading && cutAfter(`${asked} ${sql.slice(0, 80)}`);
    };
    const printed: string[] = [];
    let last = await install();
    for (let runs = 1; last.code !== 0 && runs < 60; runs++) {
      expect(last.code).toBe(1);
      printed.push(...(last.stdout.match(/ase_\w{36}/g) ?? []));
      isCut = false;
      last = await install();
    }
    expect(last.code, last.stderr).toBe(0);
    expect(seen.size).toBeGreaterThan(20);
    expect(await site()).toEqual(one);
    // The answer to its storing was lost, and the token was not.
    const headers = { Authorization: `Bearer ${printed.at(-1)}` };
    expect((await fetch(`${cloudflare.worker}/sources/oauth/`, { headers })).status).toBe(200);
  }, 600_000);
});
