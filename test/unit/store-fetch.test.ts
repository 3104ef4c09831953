import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { storeFetch } from "../../tools/store-fetch.ts";
import { fixturePath, runTool } from "../support/run.ts";
import { type Behaviour, sendJson, servePages, startUpstream } from "../support/upstream.ts";

/** Every call that asks the store. */
const calls = [
  { tool: "migrate", args: [] },
  { tool: "import", args: [fixturePath("company")] },
  { tool: "token", args: ["list"] },
  { tool: "token", args: ["create", "--name", "reader"] },
  { tool: "token", args: ["revoke", "1"] },
  { tool: "sync", args: [] },
  { tool: "sync", args: ["--dry-run"] },
  { tool: "sync", args: ["--status"] },
];

const tokenList = { tool: "token", args: ["list"] };

/** In the place of ten seconds. */
const storeMs = 200;

let authentik: Awaited<ReturnType<typeof startUpstream>>;
/** In the place of a store's server. */
let store: Awaited<ReturnType<typeof startUpstream>>;

beforeAll(async () => {
  authentik = await startUpstream(servePages([]));
  store = await startUpstream();
});

afterAll(() => Promise.all([authentik.close(), store.close()]));

const runOver = (url: string, { tool, args }: (typeof calls)[number], options = {}) =>
  runTool(tool, args, { LIBSQL_URL: url, AUTHENTIK_SYNC_URL: authentik.origin, AUTHENTIK_TOKEN: "ak" }, options);

async function tokenListOver(behaviour: Behaviour, options = {}) {
  store.behaviour = behaviour;
  return runOver(store.origin, tokenList, options);
}

describe("a store that takes requests and never answers", () => {
  it.each(calls)("fails $tool $args within the deadline", async (call) => {
    store.behaviour = () => {};
    const { code, stdout, stderr } = await runOver(store.origin, call, { storeMs });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`the store at LIBSQL_URL (${store.origin}) cannot be reached: no answer within 0.2 s`);
  });

  it("has ten seconds by default", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    store.behaviour = (response) => sendJson(response, {});
    await storeFetch(store.origin)(store.origin);
    expect(timeout).toHaveBeenCalledExactlyOnceWith(10_000);
    timeout.mockRestore();
  });
});

describe("a store at which nobody listens", () => {
  it.each(calls)("is named by $tool $args, which fails", async (call) => {
    const gone = await startUpstream();
    await gone.close();
    const { code, stdout, stderr } = await runOver(`${gone.origin}/db`, call);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`the store at LIBSQL_URL (${gone.origin}/db) cannot be reached: connection refused`);
  });
});

describe("a store's server", () => {
  const drip: Behaviour = (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    const timer = setInterval(() => response.write(" "), 20);
    response.once("close", () => clearInterval(timer));
  };

  it.each([
    ["drips for ever", drip, "cannot be reached: no answer within 0.2 s"],
    ["closes the connection", (response) => response.socket?.destroy(), "cannot be reached: the connection was closed"],
    [
      "asks for another token",
      (response) => sendJson(response, { error: "Unauthorized" }, 401),
      "answered 401: LIBSQL_AUTH_TOKEN is missing or wrong",
    ],
  ] satisfies [string, Behaviour, string][])("that %s is named, with the reason", async (_, behaviour, message) => {
    const options = behaviour === drip ? { storeMs } : {};
    expect(await tokenListOver(behaviour, options)).toEqual({
      code: 1,
      stdout: "",
      stderr: `token: the store at LIBSQL_URL (${store.origin}) ${message}\n`,
    });
  });

  it("on a host that there is not is named, with the reason", async () => {
    const { code, stderr } = await runOver("http://store.invalid", tokenList);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^token: the store at LIBSQL_URL \(http:\/\/store\.invalid\) cannot be reached: .*(host|name|no answer)/,
    );
  });
});
