import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { oauthSources } from "../../src/db/schema.ts";
import { packageCommands } from "../../tools/commands.ts";
import { openStore } from "../../tools/store.ts";
import { installIn, packedPackage, runIn } from "../support/packed.ts";
import { fixturePath, run, temporaryFolder } from "../support/run.ts";
import { generateSources, servePages, startUpstream } from "../support/upstream.ts";

const folder = temporaryFolder();
const installed = join(folder, "installed");
const command = join(installed, "node_modules/.bin/authentik-sources-edge");
let tarball: string;

/** The command as npx finds it in an installed package, without the two seconds that npx takes. */
const cli = (args: string, variables: Record<string, string> = {}) =>
  runIn(installed, `node_modules/.bin/authentik-sources-edge ${args}`, variables);

beforeAll(async () => {
  tarball = await packedPackage();
  mkdirSync(installed);
  await installIn(installed, tarball);
});

describe("the package's command", () => {
  it("runs by npx in an empty folder", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const { code, stdout, stderr } = await runIn(
      empty,
      `npx --yes --package "file:${tarball}" authentik-sources-edge --help`,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("Usage: npx authentik-sources-edge COMMAND [OPTIONS]");
  });

  it("migrates, imports, makes a token and lists it, over a file store of an empty folder", async () => {
    expect(await runIn(installed, "npx authentik-sources-edge migrate")).toMatchObject({
      code: 0,
      stdout: "The migrations are applied to .data/sources.db\n",
    });
    expect(await cli(`import "${fixturePath("company")}"`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^added 12, /),
    });
    const created = await cli("token create --name reader --expires 90d");
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ase_[0-9A-Za-z]{36}\n$/) });
    const listed = await cli("token list");
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 {2}….{4} {2}sources:read {2}expires .* {2}reader\n$/),
    });
    expect(existsSync(join(installed, ".data/sources.db"))).toBe(true);
  });

  it("follows a live authentik, and keeps numbers as they were written", async () => {
    const [first, ...others] = generateSources(12);
    const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };
    const odd = { ...first, serial: rawJSON("12345678901234567890"), version: rawJSON("1.0") };
    const upstream = await startUpstream(servePages([odd, ...others]));
    const variables = {
      LIBSQL_URL: "file:synced.db",
      AUTHENTIK_SYNC_URL: upstream.origin,
      AUTHENTIK_TOKEN: "ak-0123456789",
    };
    expect((await cli("migrate", variables)).code).toBe(0);
    expect(await cli("sync", variables)).toMatchObject({
      code: 0,
      stdout: "added 12, changed 0, removed 0, unchanged 0\n",
    });
    expect((await cli("sync --status", variables)).stdout).toMatch(/ changed .* added 12, .*\nThe last good run was /s);
    await upstream.close();
    const stored = await openStore(`file:${join(installed, "synced.db")}`)
      .select()
      .from(oauthSources);
    expect(stored.map(({ document }) => document).join()).toContain('"serial":12345678901234567890,"version":1.0');
  });

  it("runs a host's own command beside a development store, and ends with its exit code", async () => {
    const ask = `node -e 'fetch(process.env.LIBSQL_URL + "/health").then(({ status }) => process.exit(status === 200 ? 7 : 1))'`;
    const { code, stderr } = await cli(`dev-store ${ask}`, { LIBSQL_URL: "file:dev.db" });
    expect(code).toBe(7);
    expect(stderr).toContain("12 sources of a sample company, since it was empty\nToken   dev-token\n");
  });
});

describe("the messages of the package's command", () => {
  it.each(Object.keys(packageCommands))("name %s as it is run", async (name) => {
    const { code, stdout } = await cli(`${name} --help`);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: npx authentik-sources-edge ${name}\\b`));
    expect(stdout).not.toContain("npm run");
  });

  it("say which command a store without tables needs", async () => {
    const { code, stderr } = await cli("token list", { LIBSQL_URL: "file:nothing.db" });
    expect(code).toBe(1);
    expect(stderr).toContain("run `npx authentik-sources-edge migrate` first");
  });

  it.each([
    ["", "name a command"],
    ["list", 'there is no command "list"'],
    ["dev", 'there is no command "dev"'],
    ["token", "token: name a command"],
    ["sync", "sync: AUTHENTIK_SYNC_URL is not set"],
    ["dev-store", "dev-store: name a command to run"],
  ])("refuse `%s` with 2, and say how to see the usage", async (args, message) => {
    const { code, stderr } = await cli(args, { AUTHENTIK_URL: "", AUTHENTIK_SYNC_URL: "" });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\nSee npx authentik-sources-edge [\w -]*--help\n$/);
  });

  it("refuse a Node that engines does not name, and say so", async () => {
    const older = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.11.0'})";
    const { code, stderr } = await run(process.execPath, ["--import", older, command, "token", "list"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `authentik-sources-edge needs Node ${manifest.engines.node}, and this is 22.11.0\n`,
    });
  });
});
