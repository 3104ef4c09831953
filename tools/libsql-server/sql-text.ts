/** One statement of a SQL text, as far as a server must know it before the engine does. */
export interface SqlStatement {
  text: string;
  /** The words outside parentheses, in upper case. */
  words: string[];
  /** The names of the parameters in the order of their numbers; null for one without a name. */
  parameters: (string | null)[];
}

/** What the real server runs; it refuses all else, such as VACUUM, ANALYZE, ATTACH, and whatever is temporary. */
const verbs = new Set(
  `ALTER BEGIN COMMIT CREATE DELETE DETACH DROP END EXPLAIN INSERT PRAGMA REINDEX RELEASE REPLACE ROLLBACK SAVEPOINT SELECT
  UPDATE VALUES WITH`.split(/\s+/),
);
const insertVerbs = ["INSERT", "REPLACE"];
const schemaVerbs = ["ALTER", "CREATE", "DROP", "REINDEX"];
const writeVerbs = [...insertVerbs, "UPDATE", "DELETE"];

/** White space, comments, quoted text and names, parameters, words, and single characters. */
const tokens =
  /\s+|--[^\n]*|\/\*.*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\?\d*|[:@$][\p{L}\p{N}_$:]+|[\p{L}_][\p{L}\p{N}_$]*|./gsu;

/** Splits a text at its semicolons, but not at those inside of a trigger. */
export function splitSql(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let open: SqlStatement | undefined;
  let parentheses = 0;
  let blocks = 0;
  for (const [token] of sql.matchAll(tokens)) {
    const isBlank = /^(?:\s|--|\/\*)/.test(token);
    if (token === ";" && blocks === 0) {
      open = undefined;
      parentheses = 0;
    } else if (open) {
      open.text += token;
    } else if (!isBlank) {
      open = { text: token, words: [], parameters: [] };
      statements.push(open);
    }
    if (!open || isBlank) continue;
    if (token === "(") parentheses++;
    else if (token === ")") parentheses--;
    else if (/^[?:@$]/.test(token)) addParameter(open.parameters, token);
    else if (/^[\p{L}_]/u.test(token) && parentheses === 0) {
      open.words.push(token.toUpperCase());
      if (isTrigger(open)) blocks += blockDepth[open.words.at(-1) ?? ""] ?? 0;
    }
  }
  return statements;
}

const blockDepth: Record<string, number> = { BEGIN: 1, CASE: 1, END: -1 };

const isTrigger = ({ words }: SqlStatement) => words[0] === "CREATE" && words.slice(1, 3).includes("TRIGGER");

/** Numbers it as SQLite does: `?5` is the fifth, a bare `?` the one after the highest, and a name has one number. */
function addParameter(parameters: (string | null)[], token: string): void {
  if (token === "?") parameters.push(null);
  else if (token.startsWith("?")) {
    const number = Number(token.slice(1));
    while (parameters.length < number) parameters.push(null);
    parameters[number - 1] = token;
  } else if (!parameters.includes(token)) parameters.push(token);
}

export const isSupported = ({ words: [first = "", second = ""] }: SqlStatement): boolean =>
  verbs.has(first) && !(first === "CREATE" && second.startsWith("TEMP"));

/** What it does: of `WITH x AS (…) INSERT`, INSERT. */
const verbOf = ({ words }: SqlStatement) =>
  words[0] === "WITH" ? words.find((word) => writeVerbs.includes(word) || word === "SELECT") : words[0];

/** Whether it is one that changes rows, and so has a count of them. */
export const changesRows = (statement: SqlStatement): boolean => writeVerbs.includes(verbOf(statement) ?? "");

export const insertsRows = (statement: SqlStatement): boolean => insertVerbs.includes(verbOf(statement) ?? "");

/** Whether it begins a transaction that writes from its start. */
export const beginsWriting = ({ words: [first, second = ""] }: SqlStatement): boolean =>
  first === "BEGIN" && ["IMMEDIATE", "EXCLUSIVE"].includes(second);

/** Whether it needs the write lock. */
export const takesLock = (statement: SqlStatement): boolean =>
  changesRows(statement) || beginsWriting(statement) || schemaVerbs.includes(statement.words[0] ?? "");
