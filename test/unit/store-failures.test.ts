import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixturePath, runTool } from "../support/run.ts";
import { type Behaviour, sendJson, servePages, startUpstream } from "../support/upstream.ts";

/** Every call that asks the store. */
const calls: [tool: string, ...args: string[]][] = [
  ["migrate"],
  ["import", fixturePath("company")],
  ["token", "list"],
  ["token", "create", "--name", "reader"],
  ["token", "revoke", "1"],
  ["sync"],
  ["sync", "--dry-run"],
  ["sync", "--status"],
];

let authentik: Awaited<ReturnType<typeof startUpstream>>;
/** In the place of a store's server. */
let store: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  authentik = await startUpstream(servePages([]));
  store = await startUpstream();
});

afterAll(() => Promise.all([authentik.close(), store.close()]));

const runOver = (url: string, [tool, ...args]: (typeof calls)[number]) =>
  runTool(tool, args, { LIBSQL_URL: url, AUTHENTIK_SYNC_URL: authentik.origin, AUTHENTIK_TOKEN: "ak" });

async function tokenListOver(behaviour: Behaviour) {
  store.behaviour = behaviour;
  return runOver(store.origin, ["token", "list"]);
}

describe("a tool", () => {
  it("fails within its deadline at a store that takes requests and never answers, whichever tool it is", async () => {
    store.behaviour = () => {};
    const start = Date.now();
    const results = await Promise.all(calls.map((call) => runOver(store.origin, call)));
    for (const { code, stdout, stderr } of results) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(`the store at LIBSQL_URL (${store.origin}) cannot be reached: no answer within 10 s`);
    }
    expect(Date.now() - start).toBeLessThan(100_000);
  });

  it("names a store that nobody listens at, whichever tool it is", async () => {
    const gone = await startUpstream();
    await gone.close();
    const results = await Promise.all(calls.map((call) => runOver(`${gone.origin}/db`, call)));
    for (const { code, stdout, stderr } of results) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(`the store at LIBSQL_URL (${gone.origin}/db) cannot be reached: connection refused`);
    }
  });

  it("fails at an answer that drips for ever", async () => {
    const { code, stderr } = await tokenListOver((response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      const timer = setInterval(() => response.write(" "), 100);
      response.once("close", () => clearInterval(timer));
    });
    expect(code).toBe(1);
    expect(stderr).toBe(`token: the store at LIBSQL_URL (${store.origin}) cannot be reached: no answer within 10 s\n`);
  });

  it.each([
    ["closes the connection", (response) => response.socket?.destroy(), "cannot be reached: the connection was closed"],
    [
      "asks for another token",
      (response) => sendJson(response, { error: "Unauthorized" }, 401),
      "answered 401: LIBSQL_AUTH_TOKEN is missing or wrong",
    ],
  ] satisfies [string, Behaviour, string][])("says so of a store that %s", async (_, behaviour, message) => {
    const { code, stderr } = await tokenListOver(behaviour);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `token: the store at LIBSQL_URL (${store.origin}) ${message}\n`,
    });
  });

  it("says so of a host that there is not", async () => {
    const { code, stderr } = await runOver("http://store.invalid", ["token", "list"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^token: the store at LIBSQL_URL \(http:\/\/store\.invalid\) cannot be reached: .*(host|name|no answer)/,
    );
  });
});
