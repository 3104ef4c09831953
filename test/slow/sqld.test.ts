import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runQuery } from "../../src/db/database.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { listState } from "../../src/db/schema.ts";
import { type DevServer, startDev } from "../support/dev.ts";
import { authentikUrl, expectRecordedCases } from "../support/recorded-cases.ts";
import { fixturePath, runTool } from "../support/run.ts";
import { type Sqld, sqldPath, startSqld } from "../support/sqld.ts";
import { createAuth } from "../support/sqld-auth.ts";

const auth = createAuth();
/** Of the fixture that is imported. */
const count = 67;

describe.skipIf(!sqldPath)("sqld with a token of its own", () => {
  let sqld: Sqld;
  let dev: DevServer;
  const tokens = { reader: "", denied: "" };
  const variables = (token = auth.token()) => ({ LIBSQL_URL: sqld.url, LIBSQL_AUTH_TOKEN: token });

  beforeAll(async () => {
    sqld = await startSqld({ keyFile: auth.keyFile });
    expect(await runTool("migrate", [], variables())).toMatchObject({ code: 0 });
    const create = async (scope: string) =>
      (await runTool("token", ["create", "--name", scope, "--scope", scope], variables())).stdout.trim();
    [tokens.reader, tokens.denied] = await Promise.all([create("sources:read"), create("none")]);
    // It reads, so it gets a token that may read; and no cache, so that each case asks the store.
    const ownVariables = { ...variables(auth.token({ a: "ro" })), AUTHENTIK_URL: authentikUrl, EDGE_CACHE: "off" };
    dev = await startDev(["--port", "0"], ownVariables);
  });

  afterAll(async () => {
    await dev.stop();
    await sqld.close();
  });

  const list = (query = "") =>
    fetch(`${dev.origin}/sources/oauth/${query}`, { headers: { Authorization: `Bearer ${tokens.reader}` } });

  // All fixtures are in test/worker, in process: here it is the engine that counts.
  it("serves a Worker that passes the recorded cases", async () => {
    expect((await runTool("import", [fixturePath("adversarial")], variables())).stderr).toContain(
      "Readers may see the old list",
    );
    await expectRecordedCases("adversarial", dev.origin, tokens);
  });

  it.each([
    ["no token", ""],
    ["a wrong token", createAuth().token()],
    ["a token that has ended", auth.token({ exp: 1_000_000_000 })],
    ["a token that may only read", auth.token({ a: "ro" })],
  ])("refuses an import with %s, which says why and shows no token", async (_, token) => {
    const { code, stdout, stderr } = await runTool("import", [fixturePath("many")], variables(token));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/answered 40[13]: LIBSQL_AUTH_TOKEN is missing or wrong/);
    if (token) expect(stderr).not.toContain(token);
    expect(await (await list("?page_size=1")).json()).toMatchObject({ pagination: { count } });
  });

  it("is asked again by a read that finds it stopped, once it is started", async () => {
    await sqld.stop();
    let attempts = 0;
    const fetchAndStart: typeof fetch = async (input, init) => {
      if (++attempts === 1) return fetch(input, init);
      await sqld.start();
      // Its own deadline may be over by then.
      return fetch(input, { ...init, signal: null });
    };
    const { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken } = variables();
    const db = openLibsql({ url, authToken, fetch: fetchAndStart });
    expect(await runQuery(() => db.select().from(listState))).toMatchObject([{ count }]);
    expect(attempts).toBe(2);
  });

  it("makes the Worker answer 503 while it is stopped, and as before once it is started", async () => {
    const before = await (await list()).text();
    await sqld.kill();
    const stopped = await list();
    expect({ status: stopped.status, retryAfter: Number(stopped.headers.get("Retry-After")) > 0 }).toEqual({
      status: 503,
      retryAfter: true,
    });
    expect((await fetch(`${dev.origin}/readyz`)).status).toBe(503);
    expect(await runTool("sync", ["--status"], variables())).toMatchObject({ code: 1, stdout: "" });
    await sqld.start();
    expect(await (await list()).text()).toBe(before);
  });
});
