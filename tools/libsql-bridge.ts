import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate as othersTurn } from "node:timers/promises";
import { HTTPException } from "hono/http-exception";
import * as z from "zod/mini";
import { isSelect, LibsqlConnection, type Outcome, statement } from "./libsql-connection.ts";

interface LibsqlFileOptions {
  /** The database file; made where there is none. */
  file: string;
  /** How long a write waits for another process that writes to the file, in milliseconds. @default 10 s */
  busyMs?: number;
}

export interface LibsqlBridgeOptions extends LibsqlFileOptions {
  /** @default a free one */
  port?: number;
  /** Asked for as a bearer token. @default none */
  authToken?: string | undefined;
}

export interface LibsqlBridge {
  url: string;
  close(): Promise<void>;
}

/** Of a request: more than a batch of the largest list has. */
const maxBytes = 128 * 1024 * 1024;

const typeOf = (input: unknown) => JSON.stringify(z.object({ type: z.string() }).safeParse(input).data?.type);
const unanswered = (what: string) => ({
  error: ({ input }: { input?: unknown }) => `the libSQL bridge does not answer the ${what} ${typeOf(input)}`,
});

// What the client sends: https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md
const ok = z.object({ type: z.literal("ok"), step: z.int() });
const not = z.object({ type: z.literal("not"), cond: ok });
const condition = z.optional(z.discriminatedUnion("type", [ok, not], unanswered("condition")));
const storeSql = z.object({ type: z.literal("store_sql"), sql_id: z.int(), sql: z.string() });
const execute = z.object({ type: z.literal("execute"), stmt: statement });
const batch = z.object({
  type: z.literal("batch"),
  batch: z.object({ steps: z.array(z.object({ stmt: statement, condition })) }),
});
const close = z.object({ type: z.literal("close") });
const request = z.discriminatedUnion("type", [storeSql, execute, batch, close], unanswered("request"));
const pipeline = z.object({ baton: z.nullish(z.string()), requests: z.array(request) });

type PipelineRequest = z.infer<typeof request>;

const statementsOf = (request: PipelineRequest) => {
  if (request.type === "batch") return request.batch.steps.map(({ stmt }) => stmt);
  return request.type === "execute" ? [request.stmt] : [];
};

/**
 * Reads what a client of libSQL sends.
 * @throws HTTPException
 */
export function readPipeline(text: string): PipelineRequest[] {
  const { data, error } = pipeline.safeParse(JSON.parse(text));
  if (!data) throw refusal(400, error.issues.map(({ message, path }) => `${message} (${path.join(".")})`).join());
  const { baton, requests } = data;
  if (typeof baton === "string" || requests.at(-1)?.type !== "close") {
    throw refusal(400, "the libSQL bridge does not answer an interactive transaction: each request ends with `close`");
  }
  const stored = new Map<number | undefined, string>();
  for (const each of requests) if (each.type === "store_sql") stored.set(each.sql_id, each.sql);
  for (const stmt of requests.flatMap(statementsOf)) {
    stmt.sql ||= stored.get(stmt.sql_id) ?? "";
    if (!stmt.sql) throw refusal(400, "the libSQL bridge does not answer a statement without SQL");
  }
  return requests;
}

/** Answers each request of a pipeline. */
export async function runPipeline(connection: LibsqlConnection, requests: PipelineRequest[]): Promise<object[]> {
  const results = [];
  for (const request of requests) {
    let outcome: Outcome = {};
    if (request.type === "execute") outcome = connection.attempt(request.stmt);
    if (request.type === "batch") outcome = { result: await runSteps(connection, request.batch.steps) };
    const { result, error } = outcome;
    results.push(error ? { type: "error", error } : { type: "ok", response: { type: request.type, result } });
  }
  return results;
}

async function runSteps(connection: LibsqlConnection, steps: z.infer<typeof batch>["batch"]["steps"]) {
  const outcomes: Outcome[] = [];
  const isDone = ({ step }: z.infer<typeof ok>) => outcomes[step]?.result !== undefined;
  for (const { stmt, condition } of steps) {
    const isRun = !condition || (condition.type === "ok" ? isDone(condition) : !isDone(condition.cond));
    outcomes.push(isRun ? connection.attempt(stmt) : {});
    await othersTurn();
  }
  return {
    step_results: outcomes.map(({ result = null }) => result),
    step_errors: outcomes.map(({ error = null }) => error),
  };
}

/** `@libsql/client` throws an error with the message. */
const refusal = (status: 400 | 401 | 404 | 413, message: string) => new HTTPException(status, { message });

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Answers what `@libsql/client` sends as one request, from a database file, by the native engine. */
export function openLibsqlFile({ file, busyMs = 10_000 }: LibsqlFileOptions) {
  const reader = new LibsqlConnection(file, busyMs);
  const writer = new LibsqlConnection(file, busyMs);
  let lastTurn: Promise<unknown> = Promise.resolve();

  /** A SELECT is run at once. All else takes turns: two that waited for each other inside of the engine would wait in vain. */
  function run(requests: PipelineRequest[]): Promise<object[]> {
    const isRead = requests.every(({ type }) => type !== "batch") && requests.flatMap(statementsOf).every(isSelect);
    if (isRead) return runPipeline(reader, requests);
    const turn = lastTurn.then(() => runPipeline(writer, requests)).finally(() => writer.rollback());
    lastTurn = turn.catch(() => {});
    return turn;
  }

  return {
    /** @throws HTTPException where the file's bridge does not answer that */
    answer: async (text: string) => ({ baton: null, base_url: null, results: await run(readPipeline(text)) }),
    async close() {
      await lastTurn;
      reader.close();
      writer.close();
    },
  };
}

/**
 * Answers `@libsql/client` over HTTP from a database file, for development and tests: statements and batches as sqld, the real
 * server, answers them (test/slow/sqld-parity.test.ts). All else of the protocol is refused by name, interactive transactions
 * too. Listens on loopback only.
 */
export async function startLibsqlBridge({
  port = 0,
  authToken,
  ...options
}: LibsqlBridgeOptions): Promise<LibsqlBridge> {
  const file = openLibsqlFile(options);

  async function respond(request: IncomingMessage): Promise<object> {
    const { method, url, headers } = request;
    if (url === "/health") return {};
    if (method !== "POST" || url !== "/v2/pipeline") throw refusal(404, `there is no ${method} ${url}`);
    const [, token = ""] = /^bearer (.*)$/i.exec(headers.authorization ?? "") ?? [];
    if (authToken && !timingSafeEqual(digest(token), digest(authToken))) throw refusal(401, "the token is wrong");
    if (!(Number(headers["content-length"]) <= maxBytes)) {
      throw refusal(413, `a request has a Content-Length of ${maxBytes} at most`);
    }
    return file.answer(await text(request));
  }

  const server = createServer(async (request, response) => {
    const sendJson = (status: number, body: object) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    try {
      sendJson(200, await respond(request));
    } catch (error) {
      const { message, status = 500 } = error instanceof HTTPException ? error : { message: String(error) };
      sendJson(status, { message, code: "REFUSED" });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await file.close();
    },
  };
}
