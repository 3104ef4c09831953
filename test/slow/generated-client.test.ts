import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DevServer, startDev } from "../support/dev.ts";
import { readFixture, run, temporaryFolder } from "../support/run.ts";

const folder = temporaryFolder();
const target = join(folder, "generated-client");
let dev: DevServer;

beforeAll(async () => {
  dev = await startDev(["--port", "0"], {
    LIBSQL_URL: `file:${join(folder, "store.db")}`,
    AUTHENTIK_URL: "http://authentik.example",
  });
});

afterAll(() => dev.stop());

const npm = (...args: string[]) => run("npm", [...args, "--silent", "--prefix", target], { SOURCES_URL: dev.origin });

it("is generated from /openapi.json of the Worker, type-checks, and runs", async () => {
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
