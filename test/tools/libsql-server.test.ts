import { join } from "node:path";
import { createClient } from "@libsql/client/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/server.ts";
import { temporaryFolder } from "../support/run.ts";

let server: LibsqlServer;
let file: string;

beforeEach(async () => {
  file = join(temporaryFolder(), "test.db");
  server = await startLibsqlServer({ file, idleMs: 100 });
});

afterEach(() => server.close());

interface PipelineAnswer {
  baton: string | null;
  results: {
    type: string;
    response?: { result: { step_results?: unknown[]; step_errors?: unknown[]; rows?: unknown[] } };
    error?: { message: string; code: string };
  }[];
  code?: string;
}

async function pipeline(requests: object[], baton?: string | null): Promise<PipelineAnswer> {
  const response = await fetch(`${server.url}/v2/pipeline`, {
    method: "POST",
    body: JSON.stringify({ baton, requests }),
  });
  return (await response.json()) as PipelineAnswer;
}

const execute = (sql: string, args: object[] = []) => ({ type: "execute", stmt: { sql, args } });
const close = { type: "close" };
const whenStreamsHaveExpired = () => new Promise((resolve) => setTimeout(resolve, 250));

describe("the local libSQL server", () => {
  it("serves the official client: values of every type, batches and transactions", async () => {
    const client = createClient({ url: server.url, intMode: "bigint" });
    await client.execute("CREATE TABLE t (a, b, c, d, e)");
    const blob = new Uint8Array([0, 255]);
    await client.execute({
      sql: "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
      args: [2n ** 62n, 1.5, "ü\u2028", null, blob.buffer],
    });
    const [row] = (await client.execute("SELECT * FROM t")).rows;
    expect([row?.a, row?.b, row?.c, row?.d]).toEqual([2n ** 62n, 1.5, "ü\u2028", null]);
    expect(new Uint8Array(row?.e as ArrayBuffer)).toEqual(blob);

    await expect(
      client.batch(["INSERT INTO t (a) VALUES (1)", "INSERT INTO nope VALUES (1)"], "write"),
    ).rejects.toThrow(/nope/);
    const transaction = await client.transaction("write");
    await transaction.execute("INSERT INTO t (a) VALUES (7)");
    expect((await client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(1n);
    await transaction.commit();
    const named = await client.execute({ sql: "SELECT :x AS x, a FROM t WHERE a = :a", args: { x: "y", a: 7n } });
    expect(named.rows[0]).toMatchObject({ x: "y", a: 7n });
    client.close();
  });

  it("keeps a stream under a baton that works once", async () => {
    const first = await pipeline([execute("BEGIN"), execute("CREATE TABLE t (a)")]);
    expect(first.baton).toBeTypeOf("string");
    const second = await pipeline([execute("COMMIT")], first.baton);
    expect(second.results[0]?.type).toBe("ok");
    expect((await pipeline([close], first.baton)).code).toBe("STREAM_EXPIRED");
    expect((await pipeline([close], second.baton)).baton).toBeNull();
  });

  it("expires a stream that is left alone, and rolls back what it had open", async () => {
    await pipeline([execute("CREATE TABLE t (a)"), close]);
    const { baton } = await pipeline([execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (1)")]);
    await whenStreamsHaveExpired();
    expect((await pipeline([execute("COMMIT")], baton)).code).toBe("STREAM_EXPIRED");
    const { results } = await pipeline([execute("SELECT * FROM t"), close]);
    expect(results[0]?.response?.result).toMatchObject({ rows: [] });
  });

  it("runs a step of a batch only where its condition holds", async () => {
    const steps = [
      { stmt: { sql: "SELECT 1" } },
      { stmt: { sql: "SELECT * FROM nope" }, condition: { type: "ok", step: 0 } },
      { stmt: { sql: "SELECT 3" }, condition: { type: "ok", step: 1 } },
      {
        stmt: { sql: "SELECT 4" },
        condition: { type: "and", conds: [{ type: "error", step: 1 }, { type: "is_autocommit" }] },
      },
      { stmt: { sql: "SELECT 5" }, condition: { type: "not", cond: { type: "or", conds: [{ type: "ok", step: 3 }] } } },
    ];
    const { results } = await pipeline([{ type: "batch", batch: { steps } }, close]);
    const { step_results = [], step_errors = [] } = results[0]?.response?.result ?? {};
    expect(step_results.map(Boolean)).toEqual([true, false, false, true, false]);
    expect(step_errors.map(Boolean)).toEqual([false, true, false, false, false]);
  });

  it("runs SQL that was stored on the stream, until it is closed", async () => {
    const stored = { type: "execute", stmt: { sql_id: 1 } };
    const { results } = await pipeline([
      { type: "store_sql", sql_id: 1, sql: "SELECT 1" },
      stored,
      { type: "close_sql", sql_id: 1 },
      stored,
      close,
    ]);
    expect(results.map((result) => result.error?.code ?? result.type)).toEqual([
      "ok",
      "ok",
      "ok",
      "SQL_NOT_FOUND",
      "ok",
    ]);
    const reused = await pipeline([stored, close]);
    expect(reused.results[0]?.error?.code).toBe("SQL_NOT_FOUND");
  });

  it("gives SQLite's own code with an error, and goes on", async () => {
    await pipeline([{ type: "sequence", sql: "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)" }, close]);
    const { results } = await pipeline([
      execute("INSERT INTO t VALUES (1)"),
      execute("nonsense"),
      { type: "odd" },
      execute("SELECT 1"),
      close,
    ]);
    expect(results.map((result) => result.error?.code ?? "ok")).toEqual([
      "SQLITE_CONSTRAINT_UNIQUE",
      "SQLITE_ERROR",
      "HRANA_PROTO_ERROR",
      "ok",
      "ok",
    ]);
  });

  it("lets a writer wait for another's lock without stopping the rest", async () => {
    await pipeline([execute("CREATE TABLE t (a)"), close]);
    const holder = await pipeline([execute("BEGIN IMMEDIATE")]);
    const waiting = pipeline([execute("INSERT INTO t VALUES (1)"), close]);
    expect((await pipeline([execute("SELECT 1"), close])).results[0]?.type).toBe("ok");
    await pipeline([execute("COMMIT"), close], holder.baton);
    expect((await waiting).results[0]?.type).toBe("ok");
  });

  it("asks for its token, where it has one, and serves nothing but its endpoint", async () => {
    const guarded = await startLibsqlServer({ file, authToken: "secret" });
    const ask = (headers: Record<string, string>) => statusOf(guarded.url, headers);
    expect(await ask({})).toBe(401);
    expect(await ask({ Authorization: "Bearer wrong" })).toBe(401);
    expect(await ask({ Authorization: "Bearer secret" })).toBe(200);
    expect((await fetch(`${guarded.url}/`, { headers: { Authorization: "Bearer secret" } })).status).toBe(404);
    await guarded.close();
    expect((await fetch(`${server.url}/v2/pipeline`, { method: "POST", body: "{" })).status).toBe(400);
  });
});

const statusOf = async (url: string, headers: Record<string, string>) =>
  (await fetch(`${url}/v2/pipeline`, { method: "POST", headers, body: JSON.stringify({ requests: [close] }) })).status;
