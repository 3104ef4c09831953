import {
  batch,
  close,
  execute,
  executeNamed,
  executeStored,
  type PipelineRequest,
  sequence,
  store,
} from "./pipelines.ts";

export interface PipelineCase {
  name: string;
  requests: PipelineRequest[];
  /** For each request "ok" or the code of its error; or the status, where the whole pipeline is refused. */
  outcomes: string[] | number;
}

/** What is there before each case. */
export const setUp = `DROP TABLE IF EXISTS t;
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b NOT NULL DEFAULT 0 CHECK (b <> 13));
INSERT INTO t (a) VALUES ('x')`;

const integer = (value: string) => ({ type: "integer", value });
const float = (value: number) => ({ type: "float", value });
const text = (value: string) => ({ type: "text", value });
const blob = (base64: string) => ({ type: "blob", base64 });
const one = integer("1");

const ok = (step: number) => ({ type: "ok", step });
const failed = (step: number) => ({ type: "error", step });
const not = (cond: object) => ({ type: "not", cond });
const and = (...conds: object[]) => ({ type: "and", conds });
const or = (...conds: object[]) => ({ type: "or", conds });

const insert = (value: string) => `INSERT INTO t (a) VALUES ('${value}')`;
const all = execute("SELECT a FROM t");
/** So many rows of 100 kB each. */
const rows = (count: number) =>
  `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count}) SELECT printf('%.*c', 100000, 'x') FROM c`;

const values: PipelineCase[] = [
  {
    name: "integers to the last of 64 bits",
    requests: [execute("SELECT ?, ?", [integer("9223372036854775807"), integer("-9223372036854775808")])],
    outcomes: ["ok"],
  },
  {
    name: "floats, whole ones too, and what is no number of JSON",
    requests: [execute("SELECT ?, ?, typeof(?), 0.1 + 0.2, 9e999", [float(1.5), float(1), float(7)])],
    outcomes: ["ok"],
  },
  {
    name: "text, blobs with and without padding, and null",
    requests: [
      execute("SELECT ?, ?, ?, ?, ?", [text("ü\u2028'\"\\"), blob("AP8"), blob("AP8="), blob(""), { type: "null" }]),
      execute("SELECT '', x'', x'0102', NULL, true"),
    ],
    outcomes: ["ok", "ok"],
  },
  {
    name: "the names and types of columns",
    requests: [execute("SELECT id, id, a AS id, b, count(*) AS n, id+1, 'x' FROM t"), execute("SELECT 1 -- one")],
    outcomes: ["ok", "ok"],
  },
  ...[
    { type: "integer", value: 1 },
    integer("x"),
    integer("9223372036854775808"),
    { type: "float", value: "1" },
    blob("***"),
    { type: "odd" },
  ].map((value) => ({
    name: `the value ${JSON.stringify(value)}`,
    requests: [execute("SELECT ?", [value])],
    outcomes: 400,
  })),
];

const parameters: PipelineCase[] = [
  {
    name: "numbered parameters",
    requests: [
      execute("SELECT ?2, ?1, ?2", [one, integer("2")]),
      execute("SELECT ?1, ?3", [one, one, one]),
      execute("SELECT ?1, ?3", [one, one]),
    ],
    outcomes: ["ok", "ok", "ARGS_INVALID"],
  },
  {
    name: "named parameters, with and without their sign",
    requests: [
      executeNamed("SELECT :x, @y, $z, :x", { x: one, "@y": integer("2"), $z: integer("3") }),
      executeNamed("SELECT @x", { ":x": one }),
      executeNamed("SELECT ?", { x: one }),
    ],
    outcomes: ["ok", "ARGS_INVALID", "ARGS_INVALID"],
  },
  {
    name: "parameters without a value, and values without a parameter",
    requests: [
      execute("SELECT ?, ?", [one]),
      execute("SELECT ?", [one, one]),
      execute("SELECT 1", [one]),
      execute("SELECT :a, ?", [one, one]),
      execute('SELECT \'?\', ":b" FROM (SELECT 1 AS ":b") -- ?'),
      executeNamed("SELECT :x, :y", { x: one }),
      executeNamed("SELECT :x", { x: one, y: one }),
      sequence("SELECT ?"),
    ],
    outcomes: [...Array(4).fill("ARGS_INVALID"), "ok", ...Array(3).fill("ARGS_INVALID")],
  },
  {
    name: "values by place and by name at once",
    requests: [{ type: "execute", stmt: { sql: "SELECT ?", args: [one], named_args: [{ name: "a", value: one }] } }],
    outcomes: ["ARGS_BOTH_POSITIONAL_AND_NAMED"],
  },
];

const writes: PipelineCase[] = [
  {
    name: "the counts of what changes rows, and of what does not",
    requests: [
      execute("INSERT INTO t (a) VALUES ('y'), ('z')"),
      execute("INSERT INTO t (a) VALUES ('q') RETURNING id, a"),
      execute("UPDATE t SET b = 1"),
      execute("UPDATE t SET b = 2 RETURNING id"),
      execute("INSERT OR IGNORE INTO t (a) VALUES ('y')"),
      execute("REPLACE INTO t (id, a) VALUES (1, 'r')"),
      execute("WITH w AS (SELECT 'w') INSERT INTO t (a) SELECT * FROM w"),
      execute("SELECT 1"),
      execute("CREATE TABLE IF NOT EXISTS t (a)"),
      execute("EXPLAIN QUERY PLAN SELECT * FROM t WHERE a = 'x'"),
      execute("DELETE FROM t"),
      execute("DELETE FROM t"),
    ],
    outcomes: Array(12).fill("ok"),
  },
  {
    name: "a table that is dropped after its plan was asked for",
    requests: [execute("EXPLAIN QUERY PLAN SELECT * FROM t"), execute("DROP TABLE t"), execute("SELECT * FROM t")],
    outcomes: ["ok", "ok", "SQLITE_UNKNOWN"],
  },
  {
    name: "every kind of constraint",
    requests: [
      execute(insert("x")),
      execute("INSERT INTO t (id) VALUES (1)"),
      execute("INSERT INTO t (b) VALUES (NULL)"),
      execute("INSERT INTO t (b) VALUES (13)"),
      execute("INSERT INTO t (id) VALUES ('x')"),
      all,
    ],
    outcomes: [...Array(4).fill("SQLITE_CONSTRAINT"), "SQLITE_MISMATCH", "ok"],
  },
  {
    name: "transactions that are begun and ended twice",
    requests: [execute("BEGIN"), execute("BEGIN"), execute("COMMIT"), execute("COMMIT"), execute("ROLLBACK")],
    outcomes: ["ok", "SQLITE_UNKNOWN", "ok", "SQLITE_UNKNOWN", "SQLITE_UNKNOWN"],
  },
  {
    name: "a transaction that is rolled back, and one that is left open",
    requests: [execute("BEGIN"), execute(insert("1")), execute("ROLLBACK"), execute("BEGIN"), execute(insert("2"))],
    outcomes: Array(5).fill("ok"),
  },
];

const statements: PipelineCase[] = [
  {
    name: "what is no SQL",
    requests: ["nonsense", "SELECT * FROM", "SELECT 'x", "SELECT 1 AS select", "123"].map((sql) => execute(sql)),
    outcomes: Array(5).fill("SQL_PARSE_ERROR"),
  },
  {
    name: "statements that a shared server does not run",
    requests: ["VACUUM", "ANALYZE", "CREATE TEMP TABLE x (a)", "ATTACH 'x' AS y"].map((sql) => execute(sql)),
    outcomes: Array(4).fill("SQL_PARSE_ERROR"),
  },
  {
    name: "no statement, and more than one",
    requests: ["", " -- none", ";", "SELECT 1; SELECT 2", "SELECT 1; -- one", ";SELECT 1"].map((sql) => execute(sql)),
    outcomes: [...Array(3).fill("SQL_NO_STATEMENT"), "SQL_MANY_STATEMENTS", "ok", "ok"],
  },
  {
    name: "what is not there, and what is there already",
    requests: [
      execute("SELECT * FROM nope"),
      execute("INSERT INTO t (nope) VALUES (1)"),
      execute("SELECT nope FROM t"),
      execute("SELECT nope(1)"),
      execute("SELECT abs()"),
      execute("SELECT a FROM t AS x, t AS y"),
      execute("CREATE TABLE t (a)"),
    ],
    outcomes: ["SQLITE_UNKNOWN", "SQLITE_UNKNOWN", ...Array(5).fill("SQL_INPUT_ERROR")],
  },
  {
    name: "errors while a statement runs",
    requests: [
      execute("SELECT json('{')"),
      execute("SELECT abs(-9223372036854775808)"),
      execute("SELECT zeroblob(2000000000)"),
      execute("SELECT 1 / 0"),
    ],
    outcomes: ["SQLITE_UNKNOWN", "SQLITE_UNKNOWN", "SQLITE_TOOBIG", "ok"],
  },
  {
    name: "more rows than a response may hold",
    requests: [execute(rows(99)), execute(rows(100)), sequence(rows(100)), execute("SELECT 1")],
    outcomes: ["ok", "RESPONSE_TOO_LARGE", "ok", "ok"],
  },
];

const batches: PipelineCase[] = [
  {
    name: "a batch whose steps hang on each other",
    requests: [
      batch(
        insert("q"),
        [insert("q"), ok(0)],
        ["SELECT 2", failed(1)],
        ["SELECT 3", not(ok(1))],
        ["SELECT 4", and(ok(0), ok(1))],
        ["SELECT 5", or(ok(0), ok(1))],
        ["SELECT 6", ok(4)],
        ["SELECT 7", failed(4)],
        ["SELECT 8", not(failed(4))],
        ["SELECT 9", and()],
        ["SELECT 10", or()],
        ["SELECT 11", null],
      ),
    ],
    outcomes: ["ok"],
  },
  {
    name: "a batch as the client sends it, of which a step fails",
    requests: [
      batch("BEGIN IMMEDIATE", [insert("1"), ok(0)], [insert("1"), ok(1)], ["COMMIT", ok(2)], ["ROLLBACK", not(ok(3))]),
      all,
    ],
    outcomes: ["ok", "ok"],
  },
  {
    name: "a batch of which a step has no table, or no value",
    requests: [batch(insert("1"), "SELECT * FROM nope", "SELECT ?", insert("2")), all, batch()],
    outcomes: ["ok", "ok", "ok"],
  },
  {
    name: "a batch of which a step is no SQL, nothing or two statements: none of it is run",
    requests: [
      batch(insert("1"), "SELECT * FROM"),
      batch(insert("2"), ""),
      batch(insert("3"), "SELECT 1; SELECT 2"),
      all,
    ],
    outcomes: ["SQL_PARSE_ERROR", "SQL_NO_STATEMENT", "SQL_MANY_STATEMENTS", "ok"],
  },
  {
    name: "a batch whose response would be too large: what was done stays, the rest is not run",
    requests: [batch(rows(60), insert("1"), rows(60), insert("2")), all],
    outcomes: ["RESPONSE_TOO_LARGE", "ok"],
  },
  { name: "a condition on a step that comes later", requests: [batch(["SELECT 1", ok(0)])], outcomes: 400 },
  { name: "a condition that is not known", requests: [batch(["SELECT 1", { type: "odd" }])], outcomes: 400 },
  {
    name: "a condition of version 3 of the protocol",
    requests: [batch(["SELECT 1", { type: "is_autocommit" }])],
    outcomes: 400,
  },
  {
    name: "a sequence that fails half-way, and one with a trigger",
    requests: [
      sequence(`${insert("1")}; ${insert("1")}; ${insert("2")}`),
      all,
      sequence(`CREATE TRIGGER r AFTER UPDATE ON t BEGIN
        SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t WHERE a = '1'; END; UPDATE t SET b = 2; DROP TRIGGER r`),
      all,
    ],
    outcomes: ["SQLITE_CONSTRAINT", "ok", "ok", "ok"],
  },
  {
    name: "a sequence with an error of syntax: none of it is run",
    requests: [sequence(`${insert("1")}; SELECT FROM WHERE; ${insert("2")}`), all, sequence(""), sequence("-- none")],
    outcomes: ["SQL_PARSE_ERROR", "ok", "ok", "ok"],
  },
];

const protocol: PipelineCase[] = [
  {
    name: "SQL that is stored, used, and forgotten",
    requests: [
      store(1, "SELECT 1"),
      executeStored(1),
      { type: "sequence", sql_id: 1 },
      { type: "close_sql", sql_id: 1 },
      { type: "close_sql", sql_id: 1 },
      store(1, "SELECT 2"),
      executeStored(1),
    ],
    outcomes: Array(7).fill("ok"),
  },
  {
    name: "SQL that is too long to be stored",
    requests: [store(1, `SELECT 1 -- ${"x".repeat(4_988)}`), store(2, `SELECT 1 -- ${"ü".repeat(2_495)}`)],
    outcomes: ["ok", "SQL_STORE_TOO_LARGE"],
  },
  {
    name: "SQL that is too much to be stored",
    requests: Array.from({ length: 51 }, (_, id) => store(id, "SELECT 1")),
    outcomes: [...Array(50).fill("ok"), "SQL_STORE_TOO_MANY"],
  },
  { name: "SQL that was never stored", requests: [executeStored(7)], outcomes: 400 },
  { name: "SQL that is stored twice", requests: [store(1, "SELECT 1"), store(1, "SELECT 1")], outcomes: 400 },
  {
    name: "a statement with SQL and its number",
    requests: [store(1, "SELECT 1"), { type: "execute", stmt: { sql: "SELECT 1", sql_id: 1 } }],
    outcomes: 400,
  },
  { name: "a statement with neither", requests: [{ type: "execute", stmt: {} }], outcomes: 400 },
  { name: "a request that is not known", requests: [{ type: "odd" }], outcomes: 400 },
  { name: "a request of version 3 of the protocol", requests: [{ type: "get_autocommit" }], outcomes: 400 },
  { name: "a statement after the end of the stream", requests: [close, execute("SELECT 1")], outcomes: 400 },
  { name: "other requests after the end", requests: [close, store(1, "SELECT 1")], outcomes: ["ok", "ok"] },
  { name: "no request at all", requests: [], outcomes: [] },
];

export const pipelineCases: PipelineCase[] = [
  ...values,
  ...parameters,
  ...writes,
  ...statements,
  ...batches,
  ...protocol,
];

/** Where the two servers differ, and are to go on differing. */
export const differences = [
  {
    name: "a NUL inside of text, which the engine's binding for Node takes for its end",
    request: execute("SELECT length(?), ?", [text("a\0b"), text("a\0b")]),
    real: ["ok", "ok"],
    own: ["ok", "ok"],
  },
  {
    name: "a negative zero, whose sign JSON.stringify drops",
    request: execute("SELECT -1 * 0.0"),
    real: ["ok", "ok"],
    own: ["ok", "ok"],
  },
  {
    name: "a comment without an end, which the engine takes and the real server's parser does not",
    request: execute("SELECT 1 /* x"),
    real: ["SQL_PARSE_ERROR", "ok"],
    own: ["ok", "ok"],
  },
  {
    name: "a sequence of which a statement is one unknown word: the real server passes over it",
    request: sequence(`${insert("1")}; nonsense`),
    real: ["ok", "ok"],
    own: ["SQL_PARSE_ERROR", "ok"],
  },
  {
    name: "the columns of a statement that is not run: no client asks for them",
    request: { type: "describe", sql: "SELECT 1" },
    real: ["ok", "ok"],
    own: 400,
  },
  {
    name: "a column that an update sets and that is not there: the binding does not tell the two places apart",
    request: execute("UPDATE t SET nope = 1"),
    real: ["SQLITE_UNKNOWN", "ok"],
    own: ["SQL_INPUT_ERROR", "ok"],
  },
  {
    name: "pragmas, of which the real server has a list",
    request: execute("PRAGMA optimize"),
    real: ["SQL_PARSE_ERROR", "ok"],
    own: ["ok", "ok"],
  },
] satisfies { name: string; request: PipelineRequest; real: string[] | number; own: string[] | number }[];
