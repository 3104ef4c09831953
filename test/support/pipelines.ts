/** A request of a pipeline, as a client sends it. */
export type PipelineRequest = { type: string } & Record<string, unknown>;

export const execute = (sql: string, args: object[] = []) => ({ type: "execute", stmt: { sql, args } });
export const executeNamed = (sql: string, values: Record<string, object>) => {
  const named_args = Object.entries(values).map(([name, value]) => ({ name, value }));
  return { type: "execute", stmt: { sql, named_args } };
};
export const executeStored = (sql_id: number) => ({ type: "execute", stmt: { sql_id } });
export const store = (sql_id: number, sql: string) => ({ type: "store_sql", sql_id, sql });
export const sequence = (sql: string) => ({ type: "sequence", sql });
export const close = { type: "close" };

/** A step is its SQL, or its SQL and its condition. */
export const batch = (...steps: (string | [string, object | null])[]) => ({
  type: "batch",
  batch: {
    steps: steps.map((step) =>
      typeof step === "string" ? { stmt: { sql: step } } : { stmt: { sql: step[0] }, condition: step[1] },
    ),
  },
});

export interface Answer {
  status: number;
  type: string | null;
  baton: string | undefined;
  /** Less what may differ. */
  body: unknown;
}

export async function ask(
  url: string,
  requests: PipelineRequest[],
  baton?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = JSON.stringify({ baton, requests });
  const response = await fetch(`${url}/v2/pipeline`, { method: "POST", headers, body });
  const type = response.headers.get("Content-Type");
  const text = await response.text();
  if (type !== "application/json")
    return { status: response.status, type, baton: undefined, body: comparableText(text) };
  return { status: response.status, type, baton: JSON.parse(text).baton, body: JSON.parse(text, comparable) };
}

/** Where the real server is in its log, and its meter: the embedded one has neither, and no client of ours reads them. */
const figures = ["replication_index", "rows_read", "rows_written", "query_duration_ms"];

function comparable(key: string, value: unknown): unknown {
  if (figures.includes(key)) return undefined;
  if (key === "baton" && value !== null) return "some baton"; // random
  if (key === "message" && typeof value === "string") return comparableText(value);
  // The embedded server's token is no JWT, so it cannot be wrong in the same ways.
  if (key === "error" && typeof value === "string") return value.replace(/^Unauthorized: .*/s, "Unauthorized");
  return value;
}

/** Each parser of SQL and of JSON has words of its own, and the engine's binding does not tell the place in the SQL. */
const comparableText = (text: string) =>
  text
    .replace(/^(SQL string could not be parsed): .*/s, "$1")
    .replace(/^Cannot (?:read|deserialize) .*/s, "unreadable")
    .replace(/^(The statement is too large to be stored): .*/, "$1")
    .replace(/ \(at offset \d+\)$/, "");

export function outcomesOf({ status, body }: Pick<Answer, "status" | "body">): string[] | number {
  if (status !== 200) return status;
  const { results } = body as { results: { error?: { code: string } }[] };
  return results.map(({ error }) => error?.code ?? "ok");
}
