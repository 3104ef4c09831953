import { StatementError } from "./protocol.ts";

const syntax = /^(?:near ".*": syntax error|incomplete input|unrecognized token: )/s;
/** Errors for which the engine knows the place in the SQL, which its binding for Node does not tell. */
const input =
  /^(?:no such (?:column|function): |ambiguous column name: |wrong number of arguments to |.* already exists$)/s;

/** An error of the engine, as the real server tells of it: with SQLite's primary code, or one of the server's own. */
export function sqliteError(error: unknown): StatementError {
  if (error instanceof StatementError) return error;
  if (!(error instanceof Error)) throw error;
  const { message } = error;
  if (syntax.test(message)) return new StatementError("SQL_PARSE_ERROR", `SQL string could not be parsed: ${message}`);
  if (input.test(message)) return new StatementError("SQL_INPUT_ERROR", `SQL input error: ${message}`);
  const [code = ""] = /^SQLITE_[A-Z]+/.exec("code" in error ? String(error.code) : "") ?? [];
  if (!code) throw error;
  return new StatementError(code === "SQLITE_ERROR" ? "SQLITE_UNKNOWN" : code, `SQLite error: ${message}`);
}
