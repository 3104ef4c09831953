import Database from "libsql";
import * as z from "zod/mini";

const fits64Bits = (text: string) => /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);

/** As a value travels: integers are text, since JSON numbers do not hold 64 bits. */
const value = z.discriminatedUnion("type", [
  z.object({ type: z.literal("null") }),
  z.object({ type: z.literal("integer"), value: z.string().check(z.refine(fits64Bits, "not an integer of 64 bits")) }),
  z.object({ type: z.literal("float"), value: z.number() }),
  z.object({ type: z.literal("text"), value: z.string() }),
  z.object({ type: z.literal("blob"), base64: z.string() }),
]);

export const statement = z.object({
  sql: z._default(z.string(), ""),
  sql_id: z.optional(z.int()),
  args: z._default(z.array(value), []),
  named_args: z._default(z.array(z.object({ name: z.string(), value })), []),
});

export const isSelect = ({ sql }: Statement): boolean => /^\s*select\b/i.test(sql);

type Value = z.infer<typeof value>;
type Statement = z.infer<typeof statement>;

/** In the form of sqld, the real server. */
export interface Outcome {
  result?: object;
  error?: { code: string; message: string };
}

const manyStatements = { code: "SQL_MANY_STATEMENTS", message: "SQL string contains more than one statement" };

/** A connection of the native engine to a database file. */
export class LibsqlConnection {
  readonly #open: () => Database.Database;
  #database: Database.Database;

  /** @param busyMs how long a statement waits, inside of the engine, for another process that writes to the file */
  constructor(file: string, busyMs: number) {
    this.#open = () => openFile(file, busyMs);
    this.#database = this.#open();
  }

  /** Unlike sqld, takes NULL for a parameter without a value, and passes over a value without a parameter. */
  attempt(statement: Statement): Outcome {
    if (this.#holdsMore(statement.sql)) return { error: manyStatements };
    try {
      return { result: this.#run(statement) };
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      // A statement that has waited in vain keeps what its connection writes later from being committed, until it is garbage.
      if (error.code.startsWith("SQLITE_BUSY")) this.#reopen();
      return { error: describe(error) };
    }
  }

  rollback(): void {
    if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
  }

  close(): void {
    this.rollback();
    this.#database.close();
  }

  #reopen(): void {
    this.close();
    this.#database = this.#open();
  }

  /** The engine would pass over a second statement. Behind a first that is whole, a `)` is no error to it. A comment behind a `;` counts too. */
  #holdsMore(sql: string): boolean {
    const text = sql.replace(/[;\s]+$/, "");
    if (!text.includes(";")) return false;
    try {
      this.#database.prepare(`${text}\n)`);
      return true;
    } catch {
      return false;
    }
  }

  #run({ sql, args, named_args }: Statement): object {
    const prepared = this.#database.prepare(sql);
    const named = named_args.map(({ name, value }) => [name.replace(/^[:@$]/, ""), decode(value)]);
    const values = named.length > 0 ? Object.fromEntries(named) : args.map(decode);
    const last_insert_rowid = () => (/^\s*(?:insert|replace)\b/i.test(sql) ? this.#rowid() : null);
    if (!prepared.reader) {
      const { changes } = prepared.run(values);
      return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: last_insert_rowid() };
    }
    const cols = prepared.columns().map(({ name, type }) => ({ name, decltype: type }));
    const rows = (prepared.raw().safeIntegers().all(values) as unknown[][]).map((row) => row.map(encode));
    // An EXPLAIN keeps its tables locked until it is begun anew.
    if (/^\s*explain\b/i.test(sql)) prepared.get(values);
    const affected_row_count = /^\s*(?:insert|replace|update|delete)\b/i.test(sql) ? rows.length : 0;
    return { cols, rows, affected_row_count, last_insert_rowid: last_insert_rowid() };
  }

  #rowid(): string {
    return String(this.#database.prepare("SELECT last_insert_rowid()").raw().safeIntegers().get());
  }
}

function openFile(file: string, timeout: number): Database.Database {
  const database = new Database(file, { timeout });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return database;
}

/** With SQLite's primary code. Where that is none, sqld has codes of its own. */
function describe({ code, message }: { code: string; message: string }) {
  if (message.startsWith("no such column")) return { code: "SQL_INPUT_ERROR", message: `SQL input error: ${message}` };
  const [primary = ""] = /^SQLITE_[A-Z]+/.exec(code) ?? [];
  return { code: primary === "SQLITE_ERROR" ? "SQLITE_UNKNOWN" : primary, message: `SQLite error: ${message}` };
}

function decode(value: Value): unknown {
  if (value.type === "null") return null;
  if (value.type === "integer") return BigInt(value.value);
  return value.type === "blob" ? Buffer.from(value.base64, "base64") : value.value;
}

function encode(value: unknown): Value {
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return value instanceof Uint8Array
    ? { type: "blob", base64: Buffer.from(value).toString("base64") }
    : { type: "null" };
}
