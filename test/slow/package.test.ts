import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SourcesPage } from "../../src/source/source.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { chromiumPath, startChromium } from "../support/chromium.ts";
import { blocksOf } from "../support/markdown.ts";
import { closePage, findUnreadable, looks, openPage } from "../support/open-page.ts";
import { installIn, packedPackage } from "../support/packed.ts";
import { fixturePath, readFixture, run, runTool, temporaryFolder } from "../support/run.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const token = "package-test";
const company = readFixture("company");
const companyText = JSON.stringify(company).replaceAll("http://authentik.example", "https://authentik.example");
const folder = temporaryFolder();
let tarball: string;
let server: LibsqlBridge;

beforeAll(async () => {
  tarball = await packedPackage();
  server = await startStore("store", company);
});

async function startStore(name: string, list: SourcesPage): Promise<LibsqlBridge> {
  const file = join(folder, `${name}.db`);
  const db = openStore(`file:${file}`, undefined);
  await migrateStore(db);
  await replaceSources(db, readList(list), { now: Date.now() });
  await storeToken(db, token, { name: "test", scope: "sources:read", createdAt: 0, expiresAt: null });
  return startLibsqlBridge({ file });
}

/** What a test that failed has left running. */
const atEnd: (() => Promise<void>)[] = [];

afterAll(async () => {
  await Promise.all(atEnd.map((stop) => stop()));
  await server.close();
});

/** A folder outside the repository with an example in it, installed from the packed package. */
async function install(name: string): Promise<string> {
  const target = join(folder, name);
  cpSync(`examples/${name}`, target, {
    recursive: true,
    filter: (path) => !/node_modules|\.wrangler|\.dev\.vars/.test(path),
  });
  const manifest = join(target, "package.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/file:[^"]*/, `file:${tarball}`));
  await installIn(target);
  return target;
}

/** Runs a program of an example's own. */
const runProgram = (target: string, program: string, ...args: string[]) =>
  run("sh", ["-c", `cd "$0" && exec node_modules/.bin/${program} "$@"`, target, ...args]);

const wranglerDev = (target: string, ...args: string[]) =>
  startDev(target, join(target, "node_modules/.bin/wrangler"), "dev", ...args);

async function startDev(target: string, command: string, ...args: string[]) {
  const child = spawn(command, [...args, "--port", "0", "--inspector-port", "0"], {
    cwd: target,
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGINT");
    await ended;
  };
  atEnd.push(stop);
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, url] = /Ready on (http:\/\/[\w.:]+)/.exec(line) ?? [];
      if (url) resolve(url);
    });
    void ended.then((code) => reject(new Error(`${command} ended with ${code}:\n${errors}`)));
  });
  return { origin, stop };
}

/** The first commands of its README: one that starts it, with a sample of its own, and what is asked of it then. */
async function expectFirstStart(target: string) {
  const readme = readFileSync(join(target, "README.md"), "utf8");
  expect(readme).toContain("```sh\nnpm install\nnpm run dev\n```");
  const dev = await startDev(target, "npm", "run", "dev", "--");
  const commands = readme.match(/^curl .*$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) {
    const asked = command.replace("curl", "curl -fsS").replace("http://localhost:8787", dev.origin);
    const { code, stdout, stderr } = await run("sh", ["-c", asked]);
    expect(code, `${command}\n${stderr}`).toBe(0);
    expect(stdout).toContain("GitHub");
  }
  await dev.stop();
}

/** A host's list is the company's, with callback URLs on the authentik that the examples name. */
async function expectCompany(base: string, secret: string): Promise<void> {
  const response = await fetch(`${base}/sources/oauth/`, { headers: { Authorization: `Bearer ${secret}` } });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(companyText);
}

/** The recorded cases that do not ask about paths outside the mount, which are the host's. */
async function expectRecordedCases(base: string, secret: string): Promise<void> {
  const suite = JSON.parse(readFileSync("test/conformance/cases/company.json", "utf8"));
  suite.cases = suite.cases.filter((each: { group: string; root?: string }) => each.group !== "path" && !each.root);
  const cases = join(folder, "cases.json");
  writeFileSync(cases, JSON.stringify(suite));
  const { code, stdout, stderr } = await run(process.execPath, [
    "test/conformance/run.mjs",
    ...["--base", base, "--token", secret, "--public-url", "https://authentik.example", "--cases", cases],
  ]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/8[0-9]{2} passed, 0 failed/);
}

/** What README.md says that embedding adds. */
const [, promisedD1, promisedLibsql] =
  /adds (\d+) KiB [^.]* with D1, (\d+) KiB with libSQL/.exec(readFileSync("README.md", "utf8")) ?? [];

/** @param promised the README's figure @param limit what it may be at most */
function expectSize(added: number, promised: string | undefined, limit: number) {
  expect(added).toBeLessThanOrEqual(Number(promised));
  expect(added).toBeGreaterThan(Number(promised) - 2);
  expect(Number(promised)).toBeLessThanOrEqual(limit);
}

/** An example's Worker as it would be deployed, in KiB, minified and gzipped. */
async function deployedKiB(target: string, entry: string): Promise<number> {
  const args = ["deploy", `src/${entry}.ts`, "--dry-run", "--minify", "--outdir", `out/${entry}`];
  const built = await runProgram(target, "wrangler", ...args);
  expect(built.code, built.stderr).toBe(0);
  return gzipSync(readFileSync(join(target, `out/${entry}/${entry}.js`))).length / 1024;
}

/** The same of a bare Hono host, in the folder of an example. */
async function bareKiB(target: string): Promise<number> {
  const path = join(target, "src/bare.ts");
  writeFileSync(path, 'import { Hono } from "hono";\nexport default new Hono().get("/", (c) => c.text("bare"));\n');
  const size = await deployedKiB(target, "bare");
  rmSync(path);
  return size;
}

let bare: number | undefined;

/** What an example adds to a bare host, which is built once. */
async function addedKiB(target: string, entry = "index"): Promise<number> {
  bare ??= await bareKiB(target);
  return (await deployedKiB(target, entry)) - bare;
}

/**
 * The example's own check, with the declaration files that it skips; but Drizzle's are left out: version 0.45 has errors in
 * them, whoever imports it (docs/decisions.md, "skipLibCheck").
 */
async function expectTypes(target: string) {
  const { code, stdout } = await runProgram(target, "tsc", "--skipLibCheck", "false");
  const errors = stdout.split("\n").filter((line) => /^\S.*error TS/.test(line));
  expect(errors.filter((line) => !line.startsWith("node_modules/drizzle-orm/"))).toEqual([]);
  expect(code === 0, stdout).toBe(errors.length === 0);
}

describe("the package", () => {
  it("exports these names, and no others", async () => {
    const names = async (path: string) => Object.keys(await import(join(process.cwd(), "dist", path))).sort();
    expect(await names("index.js")).toEqual([
      "InvalidList",
      "createSourcesApp",
      "createToken",
      "oidcTokens",
      "openLibsql",
      "readIssuerKeys",
      "readList",
      "replaceSources",
      "storeToken",
      "syncSources",
    ]);
    expect(await names("client.js")).toEqual(["createSourcesClient", "createTrustedSourcesClient"]);
    expect(await names("db/schema.js")).toEqual([
      "apiTokens",
      "iconImages",
      "icons",
      "issuerKeys",
      "listState",
      "oauthSources",
      "sourceTypes",
      "syncRuns",
    ]);
  });

  it("has the description of the API", () => {
    const { openapi, paths } = JSON.parse(readFileSync(join(process.cwd(), "dist/openapi.json"), "utf8"));
    expect(openapi).toMatch(/^3\.1\./);
    expect(Object.keys(paths)).toContain("/sources/oauth/");
  });

  it("can be published: publint and are-the-types-wrong find nothing", async () => {
    const { messages } = await publint({ pkgDir: process.cwd(), pack: false });
    expect(messages).toEqual([]);
    const { problems } = (await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))))) as {
      problems?: { kind: string; resolutionKind?: string }[];
    };
    // ESM only, on purpose: what CommonJS and Node 10 make of it does not matter.
    expect(
      problems?.filter(({ kind, resolutionKind }) => kind !== "CJSResolvesToESM" && resolutionKind !== "node10"),
    ).toEqual([]);
  });

  it("has a client that brings no server code into a browser's bundle", async () => {
    const entry = join(folder, "client-entry.js");
    writeFileSync(
      entry,
      `export { createSourcesClient, createTrustedSourcesClient } from ${JSON.stringify(join(process.cwd(), "dist/client.js"))};`,
    );
    const built = await run("esbuild", [
      entry,
      "--bundle",
      "--minify",
      "--format=esm",
      `--outfile=${folder}/client-out.js`,
    ]);
    expect(built.code, built.stderr).toBe(0);
    const code = readFileSync(join(folder, "client-out.js"), "utf8");
    expect(code).not.toMatch(/oauth_sources|drizzle|pipeline|Select a valid choice/);
    expect(gzipSync(code).length / 1024).toBeLessThan(4);
  });

  it("is installed by every example of a host", () => {
    const manifests = readdirSync("examples").map((name) =>
      JSON.parse(readFileSync(`examples/${name}/package.json`, "utf8")),
    );
    const installed = manifests.flatMap(({ dependencies }) => dependencies["authentik-sources-edge"] ?? []);
    expect(installed.length).toBeGreaterThan(3);
    expect(new Set(installed)).toEqual(new Set([`file:../../${basename(tarball)}`]));
  });
});

describe("an example, from the packed package in an empty folder", () => {
  it("host-hono mounts the list with its own authentication, below a prefix", async () => {
    const target = await install("host-hono");
    await expectFirstStart(target);
    await expectTypes(target);
    expectSize(await addedKiB(target), promisedLibsql, 60);
    writeFileSync(
      join(target, ".dev.vars"),
      `LIBSQL_URL=${server.url}\nAPI_KEY=my-key\nAUTHENTIK_URL=https://authentik.example\n`,
    );
    const dev = await wranglerDev(target);
    await expectRecordedCases(`${dev.origin}/identity`, "my-key");

    const list = await fetch(`${dev.origin}/identity/sources/oauth/`, { headers: { Authorization: "Bearer my-key" } });
    expect(list.headers.get("X-Host")).toBe("host-hono");
    expect(await (await fetch(`${dev.origin}/`)).text()).toBe("A host with routes of its own.");
    const missing = await fetch(`${dev.origin}/nowhere`);
    expect([missing.status, await missing.text()]).toEqual([404, "The host's own 404."]);
    expect((await fetch(`${dev.origin}/sources/oauth/`)).status).toBe(404);
    const stranger = await fetch(`${dev.origin}/identity/sources/oauth/`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(stranger.status).toBe(403);
    await dev.stop();
  });

  it("host-d1 serves the list from D1, and keeps it in step with authentik", { timeout: 300_000 }, async () => {
    const target = await install("host-d1");
    await expectFirstStart(target);
    await expectTypes(target);
    expectSize(await addedKiB(target, "app"), promisedD1, 39);
    const list = await runTool("import", ["--sql", fixturePath("company")]);
    const created = await runTool("token", ["create", "--name", "reader", "--sql"]);
    writeFileSync(join(target, "sources.sql"), list.stdout + created.stdout);
    const secret = created.stderr.trim().split("\n").pop() ?? "";
    for (const args of [
      ["migrations", "apply", "sources", "--local"],
      ["execute", "sources", "--local", "--file", "sources.sql"],
    ]) {
      const done = await runProgram(target, "wrangler", "d1", ...args);
      expect(done.code, done.stdout + done.stderr).toBe(0);
    }
    const dev = await wranglerDev(target);
    await expectCompany(`${dev.origin}/api/v3`, secret);
    await dev.stop();

    const [embedded = ""] = blocksOf("README.md", "ts");
    writeFileSync(join(target, "src/readme.ts"), embedded);
    const snippet = await wranglerDev(target, "src/readme.ts");
    await expectCompany(`${snippet.origin}/api/v3`, secret);
    await snippet.stop();

    const upstream = await startUpstream(servePages([...company.results, ...generateSources(1)]));
    const variables = [`AUTHENTIK_URL:${upstream.origin}`, "AUTHENTIK_TOKEN:ak"];
    const synced = await wranglerDev(target, ...variables.flatMap((variable) => ["--var", variable]));
    const count = async () => {
      const headers = { Authorization: `Bearer ${secret}` };
      const list = await fetch(`${synced.origin}/api/v3/sources/oauth/?page_size=2`, { headers });
      return ((await list.json()) as SourcesPage).pagination.count;
    };
    expect((await fetch(`${synced.origin}/cdn-cgi/local/scheduled`)).status).toBe(200);
    expect(upstream.seen).toMatchObject([{ token: "Bearer ak" }]);
    expect(await count()).toBe(13);
    await synced.stop();
    await upstream.close();
  });

  it("host-service-binding lists with types over a binding, and without a token where it is trusted", async () => {
    const target = await install("host-service-binding");
    await expectFirstStart(target);
    await expectTypes(target);
    const built = await runProgram(target, "wrangler", "deploy", "--dry-run");
    expect(built.code, built.stderr).toBe(0);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, ".dev.vars"), `SOURCES_TOKEN=${token}\nLIBSQL_URL=${server.url}\n`);
    const dev = await wranglerDev(target, "-c", "wrangler.toml", "-c", "sources.toml");
    const enabled = company.results.filter((source) => source.enabled).map(({ slug, name }) => ({ slug, name }));
    expect(await (await fetch(dev.origin)).json()).toEqual(enabled.sort((a, b) => (a.slug < b.slug ? -1 : 1)));
    expect(await (await fetch(`${dev.origin}/trusted/github`)).json()).toEqual({ name: "GitHub", enabled: true });
    const trusted = await (await fetch(`${dev.origin}/trusted`)).text();
    expect(trusted).toBe(companyText);
    await expectCompany(`${dev.origin}/api/v3`, token);
    await dev.stop();
  });

  describe("login-page", () => {
    const hostile = `<script>alert(1)</script> & "Co" 'Söhne'`;
    const names = [hostile, ...company.results.slice(1).map(({ name }) => name)];
    let target: string;
    let store: LibsqlBridge;

    /** Runs both Workers of the example, with a token for the list. */
    function startPage(secret: string) {
      const variables = `SOURCES_TOKEN=${secret}\nLIBSQL_URL=${store.url}\nLIBSQL_AUTH_TOKEN=\n`;
      writeFileSync(join(target, ".dev.vars"), variables);
      // Caches of its own: those of another run hold the list of another store.
      return wranglerDev(target, "-c", "wrangler.toml", "-c", "sources.toml", "--persist-to", temporaryFolder());
    }

    beforeAll(async () => {
      target = await install("login-page");
      const results = company.results.map((source, i) => ({ ...source, name: names[i] ?? "", enabled: i !== 1 }));
      const [first] = results;
      if (first) Object.assign(first, { icon: "fa:fa-building", slug: "co-1_X" });
      store = await startStore("login-page", { ...company, results });
    });

    afterAll(() => store.close());

    it("starts with one command, type-checks, and can be deployed", async () => {
      await expectFirstStart(target);
      await expectTypes(target);
      const built = await runProgram(target, "wrangler", "deploy", "--dry-run");
      expect(built.code, built.stderr).toBe(0);
    });

    it("leads to authentik, and is kept nowhere, where the list cannot be had", async () => {
      const dev = await startPage("wrong");
      const response = await fetch(dev.origin);
      expect([response.status, response.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
      const links = [...(await response.text()).matchAll(/<a [^>]*>/g)].map(([link]) => link);
      expect(links).toEqual(['<a href="https://authentik.example">']);
      await dev.stop();
    });

    describe("with a token for the list", () => {
      let dev: Awaited<ReturnType<typeof startPage>>;

      beforeAll(async () => {
        dev = await startPage(token);
      });

      afterAll(() => dev.stop());

      it("is rendered once for everyone, whatever the query", async () => {
        const { origin } = dev;
        const cacheStatus = ({ status, headers }: Response) => [status, headers.get("CF-Cache-Status")];
        const first = await fetch(origin);
        expect(cacheStatus(first)).toEqual([200, null]);
        // It is stored after it has been sent.
        await vi.waitFor(async () => expect(cacheStatus(await fetch(origin))).toEqual([200, "HIT"]), 30_000);
        const second = await fetch(`${origin}/?next=https://evil.example`);
        expect(cacheStatus(second)).toEqual([200, "HIT"]);
        expect(first.headers.get("Cache-Control")).toBe("public, max-age=60");
        const body = await first.text();
        expect(await second.text()).toBe(body);
        expect(body).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;");
        expect(body).not.toMatch(/<script|fa:fa|package-test|evil/);
      });

      /** The second source is not enabled. */
      const expected = company.results
        .map(({ slug }, i) => [names[i] ?? "", `https://authentik.example/source/oauth/login/${i ? slug : "co-1_X"}/`])
        .filter((_, i) => i !== 1) as [string, string][];

      it.skipIf(!chromiumPath)(
        "has a button for each enabled source, readable at every width and in both schemes",
        async () => {
          const browser = await startChromium();
          try {
            for (const look of looks) {
              const { page, messages } = await openPage(browser, dev, "/", look);
              await page.route("https://**", (route) =>
                route.fulfill({ contentType: "image/svg+xml", body: "<svg/>" }),
              );
              await page.reload();
              expect(await page.getByRole("listitem").count()).toBe(expected.length);
              for (const [name, url] of expected)
                expect(await page.getByRole("link", { name, exact: true }).getAttribute("href"), name).toBe(url);
              expect(await findUnreadable(page)).toEqual([]);
              expect(messages).toEqual([]);
              await closePage(page);
            }
          } finally {
            await browser.close();
          }
        },
      );
    });
  });
});
