import Database from "libsql";
import { type Statement, StatementError, type Value } from "./protocol.ts";
import { changesRows, insertsRows, isSupported, type SqlStatement } from "./sql-text.ts";
import { sqliteError } from "./sqlite-error.ts";
import { bindings, encode } from "./values.ts";

export interface StatementResult {
  cols: { name: string; decltype: string | null }[];
  rows: Value[][];
  affected_row_count: number;
  last_insert_rowid: string | null;
}

/** What a statement gives that gives nothing. */
export const emptyResult: StatementResult = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };

/** A connection of the native engine to the database. */
export class Connection {
  readonly #database: Database.Database;

  constructor(file: string) {
    this.#database = new Database(file);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /*
   * The lock is taken, and given back, by `exec` alone: a prepared statement that found it taken goes on existing, by the
   * binding, until it is collected as garbage, and until then nothing that its connection writes is committed.
   */

  begin(): void {
    this.#database.exec("BEGIN IMMEDIATE");
  }

  /** Begins to write inside of the transaction that is open: a pragma that takes the lock and, in our files, does nothing. */
  upgrade(): void {
    this.#database.exec("PRAGMA incremental_vacuum(1)");
  }

  commit(): void {
    this.#database.exec("COMMIT");
  }

  rollback(): void {
    if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
  }

  /** What is open is rolled back. */
  close(): void {
    this.#database.close();
  }

  /**
   * Refuses what is no SQL, or none that the real server runs. Whether its tables and columns are there shows when it runs.
   * @throws StatementError
   */
  check(sql: SqlStatement): void {
    if (!isSupported(sql)) {
      throw new StatementError("SQL_PARSE_ERROR", `SQL string could not be parsed: unsupported statement: ${sql.text}`);
    }
    try {
      this.#database.prepare(sql.text);
    } catch (error) {
      const known = sqliteError(error);
      if (known.code === "SQL_PARSE_ERROR") throw known;
    }
  }

  /** @throws StatementError about its values, or the engine's own error */
  run(sql: SqlStatement, stmt: Statement): StatementResult {
    const statement = this.#database.prepare(sql.text);
    const values = bindings(sql, stmt);
    if (!statement.reader) {
      statement.run(values);
      return { cols: [], rows: [], ...this.#countsOf(sql) };
    }
    statement.raw().safeIntegers();
    const cols = statement.columns().map(({ name, type }) => ({ name, decltype: type }));
    const rows = (statement.all(values) as unknown[][]).map((row) => row.map(encode));
    // After an EXPLAIN the binding leaves the statement running, and its tables locked; only `get` ends it.
    if (sql.words[0] === "EXPLAIN") statement.get(values);
    return { cols, rows, ...this.#countsOf(sql) };
  }

  #countsOf(sql: SqlStatement) {
    if (!changesRows(sql)) return { affected_row_count: 0, last_insert_rowid: null };
    const counts = this.#database.prepare("SELECT changes(), last_insert_rowid()").raw().safeIntegers().get();
    const [changes, rowid] = counts as [bigint, bigint];
    return { affected_row_count: Number(changes), last_insert_rowid: insertsRows(sql) ? String(rowid) : null };
  }
}
