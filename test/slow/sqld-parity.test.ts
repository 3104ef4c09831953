import { join } from "node:path";
import {
  type Client,
  createClient,
  type InArgs,
  LibsqlBatchError,
  LibsqlError,
  type ResultSet,
} from "@libsql/client/http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LibsqlBridge, startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { temporaryFolder } from "../support/run.ts";
import { type Sqld, sqldPath, startSqld } from "../support/sqld.ts";

type Statement = string | { sql: string; args: InArgs };
type Ask = (client: Client) => Promise<ResultSet[]>;

const each =
  (...statements: Statement[]): Ask =>
  async (client) => {
    const results = [];
    for (const statement of statements) results.push(await client.execute(statement));
    return results;
  };
const whole =
  (...statements: Statement[]): Ask =>
  (client) =>
    client.batch(statements);

const insert = (a: unknown) => `INSERT INTO t (a) VALUES ('${a}')`;

const cases: [name: string, ask: Ask][] = [
  [
    "values of every type",
    each(
      { sql: "SELECT ?, ?, ?, ?, ?", args: [2n ** 63n - 1n, -(2n ** 63n), 1.5, 1, -0.1] },
      { sql: "SELECT ?, ?, ?, ?", args: ["ü\u2028'\"\\", "", null, new Uint8Array([0, 255])] },
      { sql: "SELECT typeof(?), typeof(?), typeof(?)", args: [7n, 7, new Uint8Array()] },
      "SELECT '', x'', x'0102', NULL, true, 0.1 + 0.2",
    ),
  ],
  [
    "named and positional parameters",
    each(
      { sql: "SELECT ?, ?", args: [1, 2] },
      { sql: "SELECT ?2, ?1, ?2", args: [1, 2] },
      { sql: "SELECT :x, @y, $z, :x", args: { x: 1, "@y": 2, $z: 3 } },
    ),
  ],
  ["the names and types of columns", each("SELECT id, id, a AS id, b, count(*) AS n, id+1, 'x' FROM t")],
  [
    "the counts of what changes rows, and of what does not",
    each(
      "INSERT INTO t (a) VALUES ('y'), ('z')",
      "UPDATE t SET b = 1",
      "UPDATE t SET b = 1 WHERE a = 'none'",
      "REPLACE INTO t (id, a) VALUES (1, 'r')",
      "SELECT 1",
      "CREATE TABLE IF NOT EXISTS t (a)",
      "DELETE FROM t",
    ),
  ],
  [
    "RETURNING",
    each(
      "INSERT INTO t (a) VALUES ('q') RETURNING id, a",
      "UPDATE t SET b = 2 RETURNING id",
      "DELETE FROM t RETURNING *",
    ),
  ],
  ["a plan", each("EXPLAIN QUERY PLAN SELECT * FROM t WHERE a = 'x'", "DROP TABLE t")],
  ["an atomic batch", whole(insert(1), "UPDATE t SET b = 1", "SELECT * FROM t")],
  ["an atomic batch that fails", whole(insert(1), insert(1), insert(2))],
  ["an atomic batch that writes to no table", whole(insert(1), "INSERT INTO nope VALUES (1)")],
  ["a long batch", whole(...Array.from({ length: 300 }, (_, i) => insert(i)))],
  ["a migration", (client) => client.migrate(["CREATE TABLE m (a)", "DROP TABLE m", insert("m")])],
  ["a migration that fails", (client) => client.migrate([insert("m"), "SELECT * FROM nope"])],
  ["UNIQUE", each(insert("x"))],
  ["PRIMARY KEY", each("INSERT INTO t (id) VALUES (1)")],
  ["NOT NULL", each("INSERT INTO t (b) VALUES (NULL)")],
  ["CHECK", each("INSERT INTO t (b) VALUES (13)")],
  ["a value of another type", each("INSERT INTO t (id) VALUES ('x')")],
  ["JSON that is none", each("SELECT json('{')")],
  ["a missing table", each("SELECT * FROM nope")],
  ["a missing column of a query", each("SELECT nope FROM t")],
  ["a missing column of an insertion", each("INSERT INTO t (nope) VALUES (1)")],
  ["two statements in one", each("SELECT 1; SELECT 2")],
];

describe.skipIf(!sqldPath)("the bridge and sqld give the official client the same for", () => {
  let bridge: LibsqlBridge;
  let sqld: Sqld;
  let clients: Client[];

  beforeAll(async () => {
    bridge = await startLibsqlBridge({ file: join(temporaryFolder(), "bridge.db") });
    sqld = await startSqld();
    clients = [bridge, sqld].map(({ url }) => createClient({ url, intMode: "bigint" }));
  });

  afterAll(async () => {
    await bridge.close();
    await sqld.close();
  });

  beforeEach(async () => {
    for (const client of clients) {
      await client.batch([
        "DROP TABLE IF EXISTS t",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b NOT NULL DEFAULT 0 CHECK (b <> 13))",
        insert("x"),
      ]);
    }
  });

  it.each(cases)("%s", async (_, ask) => {
    const outcomeOf = async (client: Client) => {
      const outcome = await ask(client).then(comparable, comparableError);
      const left = await client.execute("SELECT * FROM t").then((result) => comparable([result]), comparableError);
      return { outcome, left };
    };
    const [ofBridge, ofSqld] = await Promise.all(clients.map(outcomeOf));
    expect(ofBridge).toEqual(ofSqld);
  });
});

const comparable = (results: ResultSet[]) =>
  results.map(({ columns, columnTypes, rows, rowsAffected, lastInsertRowid }) => ({
    columns,
    columnTypes,
    rows: rows.map((row) => Array.from(row, (value) => (value instanceof ArrayBuffer ? bytesOf(value) : value))),
    rowsAffected,
    lastInsertRowid,
  }));

const bytesOf = (value: ArrayBuffer) => [...new Uint8Array(value)];

/** The engine's binding does not tell the place in the SQL. */
function comparableError(error: unknown) {
  if (!(error instanceof LibsqlError)) throw error;
  const { code, message } = error;
  const at = error instanceof LibsqlBatchError && error.statementIndex;
  return { code, message: message.replace(/ \(at offset \d+\)$/, ""), at };
}
