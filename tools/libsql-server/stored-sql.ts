import { ProtocolError, StatementError } from "./protocol.ts";

/** Limits of the real server, in bytes and texts. */
const largest = 5_000;
const most = 50;

/** How a request gives its SQL: as text, or by the number under which the client has stored it. */
export interface SqlReference {
  sql?: string | null | undefined;
  sql_id?: number | null | undefined;
}

/** The SQL that a client has stored on its stream, so as not to send it again. */
export class StoredSql {
  readonly #texts = new Map<number, string>();

  store(id: number, sql: string): void {
    if (this.#texts.has(id)) throw new ProtocolError(`SQL text ${id} already exists`);
    if (this.#texts.size >= most) {
      throw new StatementError(
        "SQL_STORE_TOO_MANY",
        `The server already stores ${most} SQL texts, it cannot store more`,
      );
    }
    if (Buffer.byteLength(sql) > largest) {
      throw new StatementError("SQL_STORE_TOO_LARGE", "The statement is too large to be stored");
    }
    this.#texts.set(id, sql);
  }

  forget(id: number): void {
    this.#texts.delete(id);
  }

  clear(): void {
    this.#texts.clear();
  }

  /** @throws ProtocolError */
  resolve({ sql, sql_id: id }: SqlReference): string {
    const isById = id !== null && id !== undefined;
    if (sql !== null && sql !== undefined) {
      if (isById) throw new ProtocolError("Either `sql` or `sql_id` are required, but not both");
      return sql;
    }
    if (!isById) throw new ProtocolError("Either `sql` or `sql_id` are required");
    const stored = this.#texts.get(id);
    if (stored === undefined) throw new ProtocolError(`SQL text ${id} not found`);
    return stored;
  }
}
