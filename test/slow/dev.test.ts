import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourcesPage } from "../../src/source/source.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { blocksOf } from "../support/markdown.ts";
import { commandLine, descendants, filesBelow, read } from "../support/processes.ts";
import { authentikUrl, expectRecordedCases } from "../support/recorded-cases.ts";
import { fixturePath, readFixture, run, runTool, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();
const tmp = join(folder, "tmp");
const secret = "a-secret-of-the-webhook-0123456789";

const list = (origin: string, token: string) =>
  fetch(`${origin}/sources/oauth/`, { headers: { Authorization: `Bearer ${token}` } });

describe("npm run dev over a new store", () => {
  let dev: DevServer;

  beforeAll(async () => {
    mkdirSync(tmp);
    dev = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(folder, "first.db")}`,
      AUTHENTIK_URL: authentikUrl,
      SYNC_HOOK_SECRET: secret,
      TMPDIR: tmp,
    });
  });

  afterAll(async () => {
    await dev.stop();
    await expect(fetch(dev.origin), "Ctrl-C ends the Worker too").rejects.toThrow();
  });

  it("ends with a Worker that serves the sample company to the printed curl", async () => {
    const { code, stdout } = await run("sh", ["-c", `${dev.curl} --silent --fail`]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(readFixture("company"));
  });

  it("gives what the quick start of README.md shows", async () => {
    const [, command = "", shown = ""] = /^\$ (curl .*)\n([\s\S]*?), …/m.exec(readFileSync("README.md", "utf8")) ?? [];
    const { stdout } = await run("sh", ["-c", command.replace("http://localhost:8787", dev.origin)]);
    expect(shown.length).toBeGreaterThan(100);
    expect(stdout).toContain(shown.replace(/\n\s*/g, ""));
  });

  it("gives the snippet of docs/try.md that uses the typed client what it prints", async () => {
    const [snippet = ""] = blocksOf("docs/try.md", "ts");
    const script = join(folder, "snippet.ts");
    const code = snippet
      .replace('"authentik-sources-edge/client"', JSON.stringify(resolve("src/client.ts")))
      .replace("http://localhost:8787", dev.origin);
    writeFileSync(script, code);
    const { code: ended, stdout, stderr } = await run(process.execPath, [script]);
    expect(ended, stderr).toBe(0);
    const enabled = readFixture("company").results.filter((source) => source.enabled);
    expect(stdout).toBe(enabled.map(({ slug, name }) => `${slug} ${name}\n`).join(""));
  });

  it("gives examples/generated-client a description from which its client is made, type-checks and runs", async () => {
    const target = join(folder, "generated-client");
    const npm = (...args: string[]) =>
      run("npm", [...args, "--silent", "--prefix", target], { SOURCES_URL: dev.origin });
    cpSync("examples/generated-client", target, {
      recursive: true,
      filter: (path) => !/node_modules|openapi\.d\.ts|out$/.test(path),
    });
    const installed = await npm("install", "--no-audit", "--no-fund", "--prefer-offline");
    expect(installed.code, installed.stderr).toBe(0);
    const generated = await npm("run", "dev");
    expect(generated.code, generated.stdout + generated.stderr).toBe(0);
    expect(readFileSync(join(target, "src/openapi.d.ts"), "utf8")).toContain("sources_oauth_source_types_list");
    const checked = await npm("run", "check");
    expect(checked.code, checked.stdout).toBe(0);

    const { code, stdout, stderr } = await npm("start");
    expect(code, stdout + stderr).toBe(0);
    const found = readFixture("company").results.filter(({ slug }) => slug.includes("git"));
    const [last] = found.slice(-1);
    expect(stdout.trim().split("\n")).toEqual([
      ...found.map(({ slug, type }) => `${slug}: ${type.verbose_name}`).reverse(),
      last?.callback_url,
      "14 types",
      "Ensure this value is greater than or equal to 1.",
    ]);
  });

  it("has no secret in a file, on a command line or in its output", () => {
    const readable = [...descendants(dev.pid).map(commandLine), ...filesBelow(tmp).map(read), dev.output()];
    expect(readable.filter((text) => text.includes(secret))).toEqual([]);
    expect(readable.join()).toContain("workerd");
  });

  it("runs twice at once, on another port and file, with another token", async () => {
    mkdirSync(join(folder, "deeper"));
    const second = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(folder, "deeper", "second.db")}`,
      DEV_TOKEN: "other",
    });
    expect((await list(second.origin, "other")).status).toBe(200);
    expect((await list(second.origin, "dev-token")).status).toBe(403);
    expect((await list(dev.origin, "dev-token")).status).toBe(200);
    await second.stop();
  });
});

describe("npm run dev over a store that has sources", () => {
  const store = { LIBSQL_URL: `file:${join(folder, "kept%20%25%23.db")}` };
  let dev: DevServer;
  let denied: string;

  beforeAll(async () => {
    for (const [name = "", ...args] of [["migrate"], ["import", fixturePath("adversarial")]])
      expect(await runTool(name, args, store)).toMatchObject({ code: 0 });
    denied = (await runTool("token", ["create", "--name", "denied", "--scope", "none"], store)).stdout.trim();
    dev = await startDev(["--port", "0"], { ...store, AUTHENTIK_URL: authentikUrl, CACHE_FRESH_SECONDS: "3600" });
  });

  afterAll(() => dev.stop());

  it("keeps them, in the one file that the URL names for all tools", async () => {
    const body = JSON.parse((await run("sh", ["-c", `${dev.curl} --silent`])).stdout) as SourcesPage;
    expect(body.pagination.count).toBe(67);
    expect(readdirSync(folder).filter((name) => /^kept.*db$/.test(name))).toEqual(["kept %#.db"]);
  });

  // All fixtures are in test/worker, in process; this one is in dev-d1.test.ts below /api/v3.
  it("passes the recorded cases over HTTP", () =>
    expectRecordedCases("adversarial", dev.origin, { reader: "dev-token", denied }));
});

describe("npm run dev with the address of a server", () => {
  it("leaves that store alone, says so of the token, and hands all variables over as they are", async () => {
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
    expect(dev.curl).toContain("Bearer TOKEN");
    expect(dev.output()).toMatch(/^Store {3}.*, left as it is$/m);
    const { SYNC_MAX_AGE_SECONDS: _, ...arrived } = given;
    expect(await (await fetch(dev.origin)).json()).toEqual({
      ...arrived,
      CACHE_FRESH_SECONDS: "2",
      CACHE_STALE_SECONDS: "0",
      LOG_HITS: "1",
      AUTHENTIK_URL: "https://authentik.example",
    });
    await dev.stop();
  });
});
