import { spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client/http";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LibsqlBridge, type LibsqlBridgeOptions, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { temporaryFolder } from "../support/run.ts";

let file: string;
let bridges: LibsqlBridge[];
let client: Client;

async function start(options: Partial<LibsqlBridgeOptions> = {}) {
  const bridge = await startLibsqlBridge({ file, ...options });
  bridges.push(bridge);
  return bridge;
}

beforeEach(async () => {
  file = join(temporaryFolder(), "test.db");
  bridges = [];
  client = createClient({ url: (await start()).url, intMode: "bigint" });
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b TEXT NOT NULL DEFAULT '')");
});

afterEach(() => Promise.all(bridges.map((bridge) => bridge.close())));

const rowsOf = async (sql: string) => (await client.execute(sql)).rows.map((row) => Array.from(row));

/** What another process would see. */
function committed(): unknown[] {
  const database = new Database(file);
  const rows = database.prepare("SELECT a FROM t").pluck().all();
  database.close();
  return rows;
}

async function post(requests: object[], baton?: string) {
  const [{ url } = { url: "" }] = bridges;
  const response = await fetch(`${url}/v2/pipeline`, { method: "POST", body: JSON.stringify({ baton, requests }) });
  return { status: response.status, body: (await response.json()) as { message?: string } };
}

const execute = (sql: string) => ({ type: "execute", stmt: { sql } });
const close = { type: "close" };

describe("a statement over the bridge", () => {
  it("gives values of every type as they were given", async () => {
    const values = [2n ** 63n - 1n, -(2n ** 63n), 1.5, 1, "ü\u2028'\"", "", null, new Uint8Array([0, 255])];
    const sql = `SELECT ${values.map(() => "?")}, typeof(?1), typeof(?4), 7`;
    const { rows } = await client.execute({ sql, args: values });
    const [row = []] = rows.map((each) => Array.from(each));
    expect(row.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value))).toEqual([
      ...values,
      "integer",
      "real",
      7n,
    ]);
  });

  it.each([
    ["by place", "SELECT ?, ?", ["x", "y"]],
    ["by number", "SELECT ?2, ?1", ["y", "x"]],
    ["by name", "SELECT :a, @b", { a: "x", "@b": "y" }],
  ])("takes parameters %s", async (_, sql, args) => {
    const { rows } = await client.execute({ sql, args });
    expect(rows.map((row) => Array.from(row))).toEqual([["x", "y"]]);
  });

  it.each([
    ["INSERT INTO t (a) VALUES (5), (6)", 2, 2n],
    ["INSERT INTO t (id, a) VALUES (9007199254740993, 7) RETURNING a", 1, 9007199254740993n],
    ["UPDATE t SET b = 'x' WHERE a IN (5, 6, 8)", 0, undefined],
    ["CREATE TABLE u (a)", 0, undefined],
    ["SELECT 1", 0, undefined],
  ])("tells how many rows it has changed, and the last that it has inserted: %s", async (sql, changed, rowid) => {
    expect(await client.execute(sql)).toMatchObject({ rowsAffected: changed, lastInsertRowid: rowid });
  });

  it("gives the names and types of its columns", async () => {
    const { columns, columnTypes } = await client.execute("SELECT id, b AS c, count(*) FROM t");
    expect([columns, columnTypes]).toEqual([
      ["id", "c", "count(*)"],
      ["INTEGER", "TEXT", ""],
    ]);
  });

  it.each([
    ["INSERT INTO t (b) VALUES (NULL)", "SQLITE_CONSTRAINT", "SQLite error: NOT NULL constraint failed: t.b"],
    ["INSERT INTO nope VALUES (1)", "SQLITE_UNKNOWN", "SQLite error: no such table: nope"],
    ["SELECT nope FROM t", "SQL_INPUT_ERROR", "SQL input error: no such column: nope"],
    ["SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS", "SQL string contains more than one statement"],
  ])("fails with sqld's code and words: %s", async (sql, code, message) => {
    await expect(client.execute(sql)).rejects.toMatchObject({ code, message: `${code}: ${message}` });
  });

  it("may hold semicolons, and end with one", async () => {
    await client.execute("CREATE TRIGGER r AFTER DELETE ON t BEGIN INSERT INTO t (a) VALUES (';'); END;");
    expect(await rowsOf("SELECT ';' ; ")).toEqual([[";"]]);
  });

  it("leaves no table locked after an EXPLAIN", async () => {
    await client.execute("EXPLAIN QUERY PLAN SELECT * FROM t");
    await client.execute("DROP TABLE t");
  });
});

describe("a batch over the bridge", () => {
  it("is done whole, however many statements it has", async () => {
    const inserts = Array.from({ length: 200 }, (_, i) => `INSERT INTO t (a) VALUES (${i})`);
    expect(await client.batch([...inserts, "SELECT count(*) AS n FROM t"])).toHaveLength(201);
    expect(committed()).toHaveLength(200);
  });

  it("leaves nothing behind where one of its statements fails", async () => {
    const inserts = [1, 2, 1, 3].map((value) => `INSERT INTO t (a) VALUES (${value})`);
    await expect(client.batch(inserts)).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT", statementIndex: 2 });
    expect(committed()).toEqual([]);
    await client.batch(["INSERT INTO t (a) VALUES (4)"]);
    expect(committed()).toEqual([4]);
  });

  it("runs a step only where its condition holds, and a step that was passed over is not ok", async () => {
    const ok = (step: number) => ({ type: "ok", step });
    const not = (cond: object) => ({ type: "not", cond });
    const conditions = [undefined, ok(0), not(ok(0)), ok(2), not(ok(2))];
    const steps = conditions.map((condition) => ({ stmt: { sql: "SELECT 1" }, condition }));
    const { body } = await post([{ type: "batch", batch: { steps } }, close]);
    const isRun = [true, true, false, false, true];
    const step_results = isRun.map((is) => (is ? expect.objectContaining({ rows: expect.any(Array) }) : null));
    expect(body).toMatchObject({ results: [{ response: { result: { step_results } } }, { type: "ok" }] });
  });

  it("is rolled back where it leaves its transaction open", async () => {
    const { status, body } = await post([execute("BEGIN"), execute("INSERT INTO t (a) VALUES (1)"), close]);
    expect({ status, body }).toMatchObject({ status: 200, body: { results: Array(3).fill({ type: "ok" }) } });
    await client.batch(["INSERT INTO t (a) VALUES (2)"]);
    expect(committed()).toEqual([2]);
  });

  it("keeps a writer waiting until it is done, and no reader, who sees none of it before", async () => {
    const slow = `INSERT INTO t (b)
      WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) SELECT n FROM c`;
    let isDone = false;
    const writing = client.batch(Array(200).fill(slow)).finally(() => {
      isDone = true;
    });
    const waiting = client.batch(["INSERT INTO t (b) VALUES ('last')"]);
    const seen = new Set<unknown>();
    let reads = 0;
    for (; !isDone; reads++) seen.add((await rowsOf("SELECT count(*) FROM t"))[0]?.[0]);
    await Promise.all([writing, waiting]);
    expect(reads).toBeGreaterThan(5);
    expect([0n, 200_000n, 200_001n]).toEqual(expect.arrayContaining([...seen]));
    expect(await rowsOf("SELECT count(*), max(id) FROM t WHERE b = 'last'")).toEqual([[1n, 200_001n]]);
  });
});

describe("two processes over one file", () => {
  it("wait for each other", async () => {
    const script = `const database = new (require("libsql"))(${JSON.stringify(file)});
      database.exec("BEGIN IMMEDIATE; INSERT INTO t (a) VALUES ('other')");
      setTimeout(() => database.exec("COMMIT"), 500);
      console.log("written");`;
    const other = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(other, "exit");
    await once(other.stdout, "data");
    await client.execute("INSERT INTO t (a) VALUES ('own')");
    expect(await ended).toEqual([0, null]);
    expect(committed()).toEqual(["other", "own"]);
  });

  it("do not wait for ever, and what is written after a wait in vain is kept", async () => {
    const { url } = await start({ busyMs: 50 });
    const hasty = createClient({ url });
    const other = new Database(file);
    other.exec("BEGIN IMMEDIATE");
    await expect(hasty.execute("INSERT INTO t (a) VALUES (1)")).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    await expect(hasty.batch(["INSERT INTO t (a) VALUES (1)"])).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    other.exec("COMMIT");
    await hasty.execute("INSERT INTO t (a) VALUES (2)");
    expect(committed()).toEqual([2]);
    other.close();
  });
});

describe("what the client never sends here", () => {
  const step = (condition: object) => ({
    type: "batch",
    batch: { steps: [{ stmt: { sql: "SELECT 1" }, condition }] },
  });
  const bound = (value: object) => ({ type: "execute", stmt: { sql: "SELECT ?", args: [value] } });

  it.each([
    ["a sequence", [{ type: "sequence", sql: "SELECT 1" }, close], 'the request "sequence"'],
    ["a description", [{ type: "describe", sql: "SELECT 1" }, close], 'the request "describe"'],
    ["a text that is forgotten", [{ type: "close_sql", sql_id: 1 }, close], 'the request "close_sql"'],
    ["version 3", [{ type: "get_autocommit" }, close], 'the request "get_autocommit"'],
    ["a condition on an error", [step({ type: "error", step: 0 }), close], 'the condition "error"'],
    ["a condition of version 3", [step({ type: "is_autocommit" }), close], 'the condition "is_autocommit"'],
    ["conditions in one", [step({ type: "and", conds: [] }), close], 'the condition "and"'],
    ["a stream that stays open", [execute("BEGIN")], "an interactive transaction"],
    ["a text that was never stored", [{ type: "execute", stmt: { sql_id: 7 } }, close], "a statement without SQL"],
    ["no SQL", [execute(""), close], "a statement without SQL"],
    ["an integer of 65 bits", [bound({ type: "integer", value: String(2n ** 63n) }), close], "64 bits"],
  ])("is refused by name, and nothing of it is run: %s", async (_, requests, name) => {
    const { status, body } = await post([execute("INSERT INTO t (a) VALUES (1)"), ...requests]);
    expect({ status, message: body.message }).toEqual({ status: 400, message: expect.stringContaining(name) });
    expect(committed()).toEqual([]);
  });

  it("is refused by name: an open stream that goes on", async () => {
    const { status, body } = await post([execute("SELECT 1"), close], "a baton");
    expect({ status, message: body.message }).toEqual({ status: 400, message: expect.stringContaining("interactive") });
  });

  it("is an error of the client's own that says so", async () => {
    const transaction = await client.transaction();
    await expect(transaction.execute("SELECT 1")).rejects.toThrow("does not answer an interactive transaction");
    await expect(client.executeMultiple("SELECT 1")).rejects.toThrow('does not answer the request "sequence"');
  });

  it.each([
    ["of more than 128 MiB", { "Content-Length": 128 * 1024 * 1024 + 1 }],
    ["of a length that is not told", { "Transfer-Encoding": "chunked" }],
  ])("is refused before it is read: a body %s", async (_, headers) => {
    const [{ url } = { url: "" }] = bridges;
    const sending = httpRequest(`${url}/v2/pipeline`, { method: "POST", headers });
    sending.flushHeaders();
    const [response] = await once(sending, "response");
    expect(response.statusCode).toBe(413);
    sending.destroy();
  });
});

describe("the token of the bridge", () => {
  it("is asked for, by scheme and value, and at the endpoint only", async () => {
    const { url } = await start({ authToken: "secret" });
    const values = [
      undefined,
      "Bearer wrong",
      "Bearer secre",
      "Basic secret",
      "secret",
      "Bearer secret",
      "bearer secret",
    ];
    const body = JSON.stringify({ requests: [close] });
    const statuses: unknown[] = [];
    for (const value of values) {
      const headers = new Headers(value === undefined ? {} : { Authorization: value });
      statuses.push((await fetch(`${url}/v2/pipeline`, { method: "POST", headers, body })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 200, 200]);
    expect([(await fetch(`${url}/health`)).status, (await fetch(`${url}/v2/pipeline`)).status]).toEqual([200, 404]);
    await expect(createClient({ url, authToken: "wrong" }).execute("SELECT 1")).rejects.toThrow("the token is wrong");
    expect((await createClient({ url, authToken: "secret" }).execute("SELECT 1")).rows).toHaveLength(1);
  });
});
