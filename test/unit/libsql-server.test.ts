import { join } from "node:path";
import { createClient } from "@libsql/client/node";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LibsqlServer, startLibsqlServer } from "../../tools/libsql-server/server.ts";
import { ask, close, execute, executeStored, outcomesOf, store } from "../support/pipelines.ts";
import { temporaryFolder } from "../support/run.ts";

let server: LibsqlServer;
let file: string;

beforeEach(async () => {
  file = join(temporaryFolder(), "test.db");
  server = await startLibsqlServer({ file });
});

afterEach(() => server.close());

/** With another limit than sqld's, for the tests of that limit alone: a busy machine takes its time for everything else. */
const transactionMs = 100;

async function withServer(limits: { idleMs?: number; transactionMs?: number }, use: (url: string) => Promise<void>) {
  const own = await startLibsqlServer({ file, ...limits });
  try {
    await use(own.url);
  } finally {
    await own.close();
  }
}

// What it answers to each kind of request is in test/slow: sqld-parity.test.ts, sqld-streams.test.ts.
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

  it("loses no write of many writers at once, by statement, batch and transaction", async () => {
    const client = createClient({ url: server.url });
    const reader = createClient({ url: `file:${file}` });
    await client.execute("CREATE TABLE t (a)");
    const insert = (value: number) => `INSERT INTO t VALUES (${value})`;
    const write = async (value: number) => {
      await client.execute(insert(value));
      await client.batch([insert(value), insert(value)]);
      const transaction = await client.transaction("write");
      await transaction.execute(insert(value));
      await transaction.commit();
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => write(i)));
    expect((await reader.execute("SELECT count(*) AS n, count(DISTINCT a) AS d FROM t")).rows[0]).toMatchObject({
      n: 80,
      d: 20,
    });
    client.close();
    reader.close();
  });

  it("expires a stream that is left alone, and rolls back what it had open", async () => {
    await ask(server.url, [execute("CREATE TABLE t (a)"), close]);
    await withServer({ idleMs: 20 }, async (url) => {
      const { baton } = await ask(url, [execute("BEGIN IMMEDIATE"), execute("INSERT INTO t VALUES (1)")]);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const expired = await ask(url, [execute("COMMIT")], baton);
      expect(expired).toMatchObject({ status: 400, body: { code: "STREAM_EXPIRED" } });
    });
    const { body } = await ask(server.url, [execute("SELECT * FROM t"), close]);
    expect(body).toMatchObject({ results: [{ response: { result: { rows: [] } } }, {}] });
  });

  it("gives a connection to the next client as if it were new", async () => {
    await ask(server.url, [execute("CREATE TABLE t (a)"), close]);
    await ask(server.url, [
      store(1, "SELECT 1"),
      execute("BEGIN IMMEDIATE"),
      execute("INSERT INTO t VALUES (1)"),
      close,
    ]);
    expect((await ask(server.url, [executeStored(1), close])).body).toBe("SQL text 1 not found");
    const { body } = await ask(server.url, [execute("BEGIN"), execute("SELECT * FROM t"), close]);
    expect(body).toMatchObject({ results: [{ type: "ok" }, { response: { result: { rows: [] } } }, {}] });
  });

  it("waits for another process that writes to the file, but not for ever", async () => {
    await ask(server.url, [execute("CREATE TABLE t (a)"), close]);
    const other = new Database(file);
    other.exec("BEGIN IMMEDIATE");
    const insert = [execute("INSERT INTO t VALUES (1)"), close];
    await withServer({ transactionMs }, async (url) => {
      expect(outcomesOf(await ask(url, insert))).toEqual(["SQLITE_BUSY", "ok"]);
    });
    const waiting = ask(server.url, insert);
    await ask(server.url, [execute("SELECT 1"), close]);
    other.exec("COMMIT");
    expect(outcomesOf(await waiting)).toEqual(["ok", "ok"]);
    expect(other.prepare("SELECT a FROM t").all()).toHaveLength(1);
    other.close();
  });

  it("ends a transaction that keeps another writer waiting for too long", async () => {
    await ask(server.url, [execute("CREATE TABLE t (a)"), close]);
    const insert = execute("INSERT INTO t VALUES (1)");
    await withServer({ transactionMs }, async (url) => {
      const begun = Date.now();
      const { baton } = await ask(url, [execute("BEGIN IMMEDIATE"), insert]);
      expect(outcomesOf(await ask(url, [insert, close]))).toEqual(["ok", "ok"]);
      expect(Date.now() - begun).toBeGreaterThanOrEqual(transactionMs);
      const late = await ask(url, [insert, execute("COMMIT"), close], baton);
      expect(outcomesOf(late)).toEqual(["TRANSACTION_TIMEOUT", "SQLITE_UNKNOWN", "ok"]);
    });
  });

  it("lets a batch end that takes longer than that, whole", async () => {
    await withServer({ transactionMs }, async (url) => {
      const client = createClient({ url: url });
      await client.execute("CREATE TABLE t (a)");
      const slow =
        "INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT n FROM c";
      const steps = 1_000;
      const begun = Date.now();
      const writing = client.batch(Array(steps).fill(slow));
      await client.execute("SELECT 1");
      const waiting = client.execute("INSERT INTO t VALUES (0)");
      expect(await writing).toHaveLength(steps);
      expect(Date.now() - begun).toBeGreaterThan(transactionMs);
      await waiting;
      expect((await client.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(steps * 2000 + 1);
      client.close();
    });
  });
});
