import Database from "libsql";

/** A value of the Hrana protocol: integers as text, since JSON numbers cannot hold 64 bits. */
type Value =
  | { type: "null" }
  | { type: "integer"; value: string }
  | { type: "float"; value: number }
  | { type: "text"; value: string }
  | { type: "blob"; base64: string };

interface Statement {
  sql?: string;
  sql_id?: number;
  args?: Value[];
  named_args?: { name: string; value: Value }[];
  want_rows?: boolean;
}

type Condition =
  | { type: "ok" | "error"; step: number }
  | { type: "not"; cond: Condition }
  | { type: "and" | "or"; conds: Condition[] }
  | { type: "is_autocommit" };

/** One request of a pipeline: https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md */
export type StreamRequest =
  | { type: "execute"; stmt: Statement }
  | { type: "batch"; batch: { steps: { stmt: Statement; condition?: Condition | null }[] } }
  | { type: "sequence"; sql?: string; sql_id?: number }
  | { type: "store_sql"; sql_id: number; sql: string }
  | { type: "close_sql"; sql_id: number }
  | { type: "get_autocommit" }
  | { type: "close" };

/** An error that the client is told of, with SQLite's code or the protocol's. */
export class StreamError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** How long a statement waits for another stream's write lock, as a hosted server does. */
const lockTimeoutMs = 5_000;
const lockPollMs = 5;

/** A connection to the database, and what one stream has stored on it. */
export class Stream {
  readonly #connection: Database.Database;
  readonly #storedSql = new Map<number, string>();
  /** Whether the client has closed it. */
  ended = false;

  constructor(file: string) {
    this.#connection = new Database(file);
    this.#connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  }

  /** Makes it as good as new: opening a file costs more than most statements. */
  reset(): void {
    if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK");
    this.#storedSql.clear();
    this.ended = false;
  }

  /** Closes the connection; what is open is rolled back. */
  close(): void {
    this.#connection.close();
  }

  async handle(request: StreamRequest): Promise<object> {
    switch (request.type) {
      case "execute":
        return { type: "execute", result: await this.#execute(request.stmt) };
      case "batch":
        return { type: "batch", result: await this.#batch(request.batch.steps) };
      case "sequence":
        await this.#whenUnlocked(() => this.#connection.exec(this.#sqlOf(request)));
        return { type: "sequence" };
      case "store_sql":
        this.#storedSql.set(request.sql_id, request.sql);
        return { type: "store_sql" };
      case "close_sql":
        this.#storedSql.delete(request.sql_id);
        return { type: "close_sql" };
      case "get_autocommit":
        return { type: "get_autocommit", is_autocommit: !this.#connection.inTransaction };
      case "close":
        this.ended = true;
        return { type: "close" };
      default:
        throw new StreamError("unknown type of request", "HRANA_PROTO_ERROR");
    }
  }

  async #execute(stmt: Statement) {
    return this.#whenUnlocked(() => {
      const statement = this.#connection.prepare(this.#sqlOf(stmt));
      const args = bindings(stmt);
      if (!statement.reader) {
        const { changes, lastInsertRowid } = statement.run(args);
        return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) };
      }
      statement.raw().safeIntegers();
      const cols = statement.columns().map(({ name, type }) => ({ name, decltype: type }));
      const rows = statement.all(args) as unknown[][];
      return { cols, rows: rows.map((row) => row.map(encode)), affected_row_count: 0, last_insert_rowid: null };
    });
  }

  async #batch(steps: { stmt: Statement; condition?: Condition | null }[]) {
    const step_results: (object | null)[] = [];
    const step_errors: (object | null)[] = [];
    const holds = (condition: Condition): boolean => {
      switch (condition.type) {
        case "ok":
          return Boolean(step_results[condition.step]);
        case "error":
          return Boolean(step_errors[condition.step]);
        case "not":
          return !holds(condition.cond);
        case "and":
          return condition.conds.every(holds);
        case "or":
          return condition.conds.some(holds);
        case "is_autocommit":
          return !this.#connection.inTransaction;
      }
    };
    for (const [i, { stmt, condition }] of steps.entries()) {
      step_results[i] = null;
      step_errors[i] = null;
      if (condition && !holds(condition)) continue;
      try {
        step_results[i] = await this.#execute(stmt);
      } catch (error) {
        step_errors[i] = describeError(error);
      }
      // The engine is synchronous: between the steps of a long batch, others get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { step_results, step_errors };
  }

  #sqlOf({ sql, sql_id }: { sql?: string; sql_id?: number }): string {
    const found = sql ?? (sql_id === undefined ? undefined : this.#storedSql.get(sql_id));
    if (found === undefined) throw new StreamError(`no SQL is stored under ${sql_id}`, "SQL_NOT_FOUND");
    return found;
  }

  /** The engine is synchronous: waiting inside it would keep the holder of the lock from ever giving it back. */
  async #whenUnlocked<T>(run: () => T): Promise<T> {
    const deadline = Date.now() + lockTimeoutMs;
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, lockPollMs));
      }
    }
  }
}

/** The error object of the protocol. */
export function describeError(error: unknown): { message: string; code: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: codeOf(error) ?? "SQLITE_ERROR" };
}

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

const isBusy = (error: unknown) => codeOf(error)?.startsWith("SQLITE_BUSY") ?? false;

/** Positional values, or an object for named ones, whose names come with or without their `:`, `@` or `$`. */
function bindings({ args = [], named_args = [] }: Statement): unknown {
  if (named_args.length === 0) return args.map(decode);
  return Object.fromEntries(named_args.map(({ name, value }) => [name.replace(/^[:@$]/, ""), decode(value)]));
}

function decode(value: Value): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      return BigInt(value.value);
    case "blob":
      return Buffer.from(value.base64, "base64");
    default:
      return value.value;
  }
}

function encode(value: unknown): Value {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  if (value instanceof Uint8Array) return { type: "blob", base64: Buffer.from(value).toString("base64") };
  throw new StreamError(`a ${typeof value} cannot be sent`, "HRANA_PROTO_ERROR");
}
