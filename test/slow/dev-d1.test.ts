import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SourcesPage } from "../../src/source/source.ts";
import { readList } from "../../src/sync/list.ts";
import { awkwardSources } from "../support/awkward-sources.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { authentikUrl, expectRecordedCases } from "../support/recorded-cases.ts";
import { fixturePath, run, runTool, temporaryFolder } from "../support/run.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const folder = join(temporaryFolder(), "d1");
const d1 = ["--d1", "--persist-to", folder];
const withoutLibsql = { LIBSQL_URL: "" };

let dev: DevServer;

const tool = (name: string, ...args: string[]) => runTool(name, [...args, ...d1], withoutLibsql);

async function list(query = ""): Promise<SourcesPage> {
  const response = await fetch(`${dev.origin}/sources/oauth/${query}`, {
    headers: { Authorization: "Bearer dev-token" },
  });
  expect(response.status).toBe(200);
  return response.json() as Promise<SourcesPage>;
}

/** A list is kept for two seconds, in the isolate's memory and in Workers Cache. */
const untilCountIs = (count: number) =>
  vi.waitFor(async () => expect((await list()).pagination.count).toBe(count), { timeout: 60_000, interval: 200 });

describe("npm run dev -- --d1", () => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;

  beforeAll(async () => {
    upstream = await startUpstream();
    dev = await startDev([...d1, "--port", "0"], {
      ...withoutLibsql,
      // The deployed Worker's own, in the place of what `npm run dev` has.
      EDGE_CACHE: "platform",
      AUTHENTIK_URL: authentikUrl,
      AUTHENTIK_SYNC_URL: upstream.origin,
      AUTHENTIK_TOKEN: "ak",
    });
  });

  afterAll(async () => {
    await dev.stop();
    await upstream.close();
  });

  it("ends with a Worker that serves D1 to the printed curl, without the sample where a sync is configured", async () => {
    const { stdout } = await run("sh", ["-c", `${dev.curl} --silent --fail`]);
    expect(JSON.parse(stdout).pagination.count).toBe(0);
    expect(dev.output()).toContain(`Store   D1 in ${folder}, with 0 sources`);
  });

  it("shows nothing of wrangler but its errors", () => {
    expect(dev.output()).not.toMatch(/⎔|\[wrangler|env\.|Migrations|WARNING/);
  });

  it("passes the recorded cases", async () => {
    const imported = await tool("import", fixturePath("adversarial"));
    expect(imported.code, imported.stderr).toBe(0);
    const denied = (await tool("token", "create", "--name", "denied", "--scope", "none")).stdout.trim();
    await untilCountIs(67);
    await expectRecordedCases("adversarial", `${dev.origin}/api/v3`, { reader: "dev-token", denied });
  });

  it("takes 10,000 sources, by an import and by the scheduled job", async () => {
    const count = 10_000;
    const rows = (name: string) => generateSources(count, name);
    const file = join(temporaryFolder(), "sources.json");
    writeFileSync(file, JSON.stringify(rows("Old")));
    const begun = performance.now();
    const { code, stdout, stderr } = await tool("import", file);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^added 10000, changed 0, removed [0-9]+, unchanged 0\n$/);
    const imported = performance.now();

    upstream.behaviour = servePages(rows("New"));
    expect((await fetch(`${dev.origin}/cdn-cgi/local/scheduled`)).status).toBe(200);
    // The job asks the runner, and does not wait for the run. No other process opens the database meanwhile.
    await vi.waitFor(() => expect(dev.output()).toMatch(/\{"job":"sync".*"outcome":"changed"/), 90_000);
    console.info(`import ${Math.round(imported - begun)} ms, sync ${Math.round(performance.now() - imported)} ms`);
    await untilCountIs(count);
    const { pagination, results } = await list("?page_size=1000&page=10&ordering=slug");
    expect(pagination.count).toBe(count);
    expect(results.at(-1)?.name).toBe("New 9999");
    expect(new Set(results.map(({ name }) => name.split(" ")[0]))).toEqual(new Set(["New"]));
  });
});

// No other process has the database open by now.
describe("the tools over the local D1 of npm run dev", () => {
  it("show the run of the Worker's job", async () => {
    expect((await tool("sync", "--status")).stdout).toMatch(
      / changed {2}[0-9]+ ms .* added 0, changed 10000, removed 0, unchanged 0\n/,
    );
  });

  it("leave it to wrangler's own commands, which know it as migrated, and see the same data", async () => {
    const wrangler = (...args: string[]) =>
      promisify(execFile)("wrangler", ["d1", ...args, "--local", "--persist-to", folder]);
    expect((await wrangler("migrations", "apply", "DB")).stdout).toContain("No migrations to apply");
    const [{ results }] = JSON.parse(
      (await wrangler("execute", "DB", "--json", "--command", "SELECT count FROM list_state")).stdout,
    );
    expect(results).toEqual([{ count: 10_000 }]);
    const migrated = await tool("migrate");
    expect(migrated, migrated.stderr).toMatchObject({ code: 0, stdout: `The migrations are applied to ${folder}\n` });
  });

  it("write SQL of awkward texts that wrangler puts in unchanged", async () => {
    const list = join(folder, "awkward.json");
    const file = join(folder, "awkward.sql");
    writeFileSync(list, JSON.stringify(awkwardSources()));
    writeFileSync(file, (await runTool("import", ["--sql", list], withoutLibsql)).stdout);
    const args = ["d1", "execute", "DB", "--local", "--persist-to", folder];
    await promisify(execFile)("wrangler", [...args, "--file", file]);
    const query = "SELECT document, search_text FROM oauth_sources ORDER BY pk";
    const { stdout } = await promisify(execFile)("wrangler", [...args, "--json", "--command", query], {
      maxBuffer: 2 ** 24,
    });
    const [{ results }] = JSON.parse(stdout);
    expect(results).toEqual(
      readList(awkwardSources()).documents.map(({ document, searchText }) => ({ document, search_text: searchText })),
    );
  });

  it("make, list and revoke tokens there", async () => {
    const secret = (await tool("token", "create", "--name", "status page")).stdout.trim();
    const { stdout } = await tool("token", "list");
    const [, id = ""] = new RegExp(`^(\\d+) {2}…${secret.slice(-4)} .*status page$`, "m").exec(stdout) ?? [];
    expect(await tool("token", "revoke", id)).toMatchObject({ code: 0, stdout: `token ${id} is revoked\n` });
  });
});
