import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourcesPage } from "../../src/sources/source.ts";
import { migrateStore, openStore } from "../../tools/store.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { blocksOf } from "../support/markdown.ts";
import { authentikUrl, expectRecordedCases } from "../support/recorded-cases.ts";
import { fixturePath, readFixture, run, runTool, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();
const store = { LIBSQL_URL: `file:${join(folder, "first.db")}` };
let dev: DevServer;

beforeAll(async () => {
  dev = await startDev(["--port", "0"], { ...store, AUTHENTIK_URL: authentikUrl });
});

afterAll(async () => {
  await dev.stop();
  await expect(fetch(dev.origin), "Ctrl-C ends the Worker too").rejects.toThrow();
});

describe("npm run dev", () => {
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

  it("gives the snippet of README.md that uses the typed client what it prints", async () => {
    const [snippet = ""] = blocksOf("README.md", "ts");
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

  it("runs twice at once, on another port and file, with another token", async () => {
    mkdirSync(join(folder, "deeper"));
    const second = await startDev(["--port", "0"], {
      LIBSQL_URL: `file:${join(folder, "deeper", "second.db")}`,
      DEV_TOKEN: "other",
    });
    const list = (origin: string, token: string) =>
      fetch(`${origin}/sources/oauth/`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await list(second.origin, "other")).status).toBe(200);
    expect((await list(second.origin, "dev-token")).status).toBe(403);
    expect((await list(dev.origin, "dev-token")).status).toBe(200);
    await second.stop();
  });

  it("keeps what the store holds when it starts again, in the one file that the URL names for all tools", async () => {
    const kept = { LIBSQL_URL: `file:${join(folder, "kept%20%25%23.db")}` };
    await (await startDev(["--port", "0"], kept)).stop();
    expect((await runTool("import", [fixturePath("adversarial")], kept)).code).toBe(0);
    const again = await startDev(["--port", "0"], kept);
    const body = JSON.parse((await run("sh", ["-c", `${again.curl} --silent`])).stdout) as SourcesPage;
    expect(body.pagination.count).toBe(67);
    await again.stop();
    expect(readdirSync(folder).filter((name) => /^kept.*db$/.test(name))).toEqual(["kept %#.db"]);
  });

  it("leaves a remote store alone, and says so of the token", async () => {
    const remote = await startDev(["--port", "0"], { LIBSQL_URL: "http://127.0.0.1:1" });
    expect(remote.curl).toContain("Bearer TOKEN");
    expect(
      (await fetch(`${remote.origin}/sources/oauth/`, { headers: { Authorization: "Bearer dev-token" } })).status,
    ).toBe(503);
    await remote.stop();
  });
});

describe("the recorded cases", () => {
  it.each(["company", "company-2026", "adversarial", "many"])(
    "of %s pass, cold at one path and then warm at the other",
    async (name) => {
      const own = { LIBSQL_URL: `file:${join(folder, `${name}.db`)}` };
      await migrateStore(openStore(own.LIBSQL_URL, undefined));
      expect((await runTool("import", [fixturePath(name)], own)).code).toBe(0);
      const denied = (await runTool("token", ["create", "--name", name, "--scope", "none"], own)).stdout.trim();
      const server = await startDev(["--port", "0"], {
        ...own,
        AUTHENTIK_URL: authentikUrl,
        CACHE_FRESH_SECONDS: "3600",
      });
      // Twice: cold, and then out of whatever remembers the first time.
      for (const base of [server.origin, server.origin, `${server.origin}/api/v3`]) {
        await expectRecordedCases(name, base, { reader: "dev-token", denied });
      }
      await server.stop();
    },
  );
});
