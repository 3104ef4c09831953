import { checkCondition, holds, type Outcome } from "./condition.ts";
import { Connection, emptyResult, type StatementResult } from "./connection.ts";
import {
  type Batch,
  type Condition,
  newerProtocol,
  ProtocolError,
  type Statement,
  StatementError,
  type StreamRequest,
} from "./protocol.ts";
import { beginsWriting, type SqlStatement, splitSql, takesLock } from "./sql-text.ts";
import { sqliteError } from "./sqlite-error.ts";
import { StoredSql } from "./stored-sql.ts";
import { sizeOf } from "./values.ts";
import type { WriteLock } from "./write-lock.ts";

interface Step {
  sql: SqlStatement;
  stmt: Statement;
  condition?: Condition | null | undefined;
}

/** In bytes, as the real server has it. */
const largestResponse = 10_000_000;

const runsSql = new Set(["execute", "batch", "sequence"]);

/** A connection to the database, and what one client has stored on it. */
export class Stream {
  readonly #connection: Connection;
  readonly #lock: WriteLock;
  readonly #stored = new StoredSql();
  #isTimedOut = false;
  #isRunning = false;
  /** Whether the client has closed it. */
  isClosed = false;

  constructor(file: string, lock: WriteLock) {
    this.#connection = new Connection(file);
    this.#lock = lock;
  }

  /** Makes it as good as new: opening a file costs more than most statements. */
  reset(): void {
    this.#connection.rollback();
    this.#lock.release(this);
    this.#stored.clear();
    this.#isTimedOut = false;
    this.isClosed = false;
  }

  /** Rolls its transaction back, since another stream has waited for too long. The client learns of it with its next request. */
  timeOut(): boolean {
    if (this.#isRunning) return false;
    this.#connection.rollback();
    this.#lock.release(this);
    this.#isTimedOut = true;
    return true;
  }

  end(): void {
    this.#lock.release(this);
    this.#connection.close();
  }

  /** @throws ProtocolError, after which the stream is good for nothing */
  async answer(request: StreamRequest): Promise<object> {
    this.#isRunning = true;
    try {
      return { type: "ok", response: { type: request.type, ...(await this.#respond(request)) } };
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      return { type: "error", error: describe(error) };
    } finally {
      this.#isRunning = false;
    }
  }

  async #respond(request: StreamRequest): Promise<object> {
    if (this.isClosed && runsSql.has(request.type)) throw new ProtocolError("Stream for this baton was closed");
    switch (request.type) {
      case "execute":
        return { result: await this.#execute(request.stmt) };
      case "batch":
        return { result: await this.#batch(request.batch) };
      case "sequence":
        return this.#sequence(this.#stored.resolve(request));
      case "store_sql":
        this.#stored.store(request.sql_id, request.sql);
        return {};
      case "close_sql":
        this.#stored.forget(request.sql_id);
        return {};
      case "get_autocommit":
        throw newerProtocol("The `get_autocommit` request");
      case "close":
        this.isClosed = true;
        return {};
    }
  }

  async #execute(stmt: Statement): Promise<StatementResult | undefined> {
    const [outcome] = await this.#run([{ sql: this.#read(stmt), stmt }]);
    if (outcome?.error) throw outcome.error;
    return outcome?.result;
  }

  /** Reads all statements before it runs one: nothing of a batch is done where one is no SQL. */
  async #batch({ steps }: Batch) {
    const outcomes = await this.#run(
      steps.map(({ stmt, condition }, number) => {
        const sql = this.#read(stmt);
        if (condition) checkCondition(condition, number);
        return { sql, stmt, condition };
      }),
    );
    return {
      step_results: outcomes.map(({ result }) => result ?? null),
      step_errors: outcomes.map(({ error }) => (error ? describe(error) : null)),
    };
  }

  /** Runs statements until one fails. They have no values, and their rows go nowhere. */
  async #sequence(text: string): Promise<object> {
    const stmt = { args: [], named_args: [] };
    const steps = splitSql(text).map((sql, number): Step => {
      this.#connection.check(sql);
      return { sql, stmt, condition: number > 0 ? { type: "ok", step: number - 1 } : null };
    });
    const failed = (await this.#run(steps, Number.POSITIVE_INFINITY)).find(({ error }) => error);
    if (failed?.error) throw failed.error;
    return {};
  }

  #read(stmt: Statement): SqlStatement {
    const [sql, ...others] = splitSql(this.#stored.resolve(stmt));
    if (!sql) throw new StatementError("SQL_NO_STATEMENT", "SQL string does not contain any statement");
    this.#connection.check(sql);
    if (others.length > 0) {
      throw new StatementError("SQL_MANY_STATEMENTS", "SQL string contains more than one statement");
    }
    if (stmt.args.length > 0 && stmt.named_args.length > 0) {
      throw new StatementError(
        "ARGS_BOTH_POSITIONAL_AND_NAMED",
        "Specifying both positional and named arguments is not supported",
      );
    }
    return sql;
  }

  async #run(steps: Step[], limit = largestResponse): Promise<Outcome[]> {
    const isTimedOut = this.#isTimedOut;
    this.#isTimedOut = false;
    const outcomes: Outcome[] = [];
    let size = 0;
    for (const step of steps) {
      if (step.condition && !holds(step.condition, outcomes)) outcomes.push({});
      else if (isTimedOut) outcomes.push({ error: new StatementError("TRANSACTION_TIMEOUT", "Transaction timed out") });
      else outcomes.push(await this.#attempt(step));
      for (const row of outcomes.at(-1)?.result?.rows ?? []) for (const value of row) size += sizeOf(value);
      if (size > limit) throw new StatementError("RESPONSE_TOO_LARGE", "Response is too large");
      // The engine is synchronous: between the steps of a long batch, others get their turn.
      if (steps.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return outcomes;
  }

  async #attempt(step: Step): Promise<Outcome> {
    try {
      return { result: takesLock(step.sql) ? await this.#write(step) : this.#connection.run(step.sql, step.stmt) };
    } catch (error) {
      return { error: sqliteError(error) };
    } finally {
      if (!this.#connection.isInTransaction) this.#lock.release(this);
    }
  }

  async #write({ sql, stmt }: Step): Promise<StatementResult> {
    const connection = this.#connection;
    if (connection.isInTransaction) {
      if (!beginsWriting(sql) && !this.#lock.isHeldBy(this)) await this.#lock.take(this, () => connection.upgrade());
      return connection.run(sql, stmt);
    }
    await this.#lock.take(this, () => connection.begin());
    if (beginsWriting(sql)) return emptyResult;
    try {
      const result = connection.run(sql, stmt);
      connection.commit();
      return result;
    } catch (error) {
      connection.rollback();
      throw error;
    }
  }
}

const describe = ({ message, code }: StatementError) => ({ message, code });
