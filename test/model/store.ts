import { readdirSync, readFileSync } from "node:fs";
import { readPipeline, runPipeline } from "../../tools/libsql-bridge.ts";
import { LibsqlConnection } from "../../tools/libsql-connection.ts";
import type { Actor, World } from "./world.ts";

/** What the store does with requests. Slow is within its time limits, so a slow store is up. */
export type Condition = "well" | "slow" | "hangs" | "drips" | "refuses" | "fails";

const isUp: Record<Condition, boolean> = {
  well: true,
  slow: true,
  hangs: false,
  drips: false,
  refuses: false,
  fails: false,
};

interface TokenRow {
  expiresAt: number | null;
  isRevoked: boolean;
  mayView: boolean;
}

/** What the store held, and until when: milliseconds of the world, as all times here. */
export interface State {
  from: number;
  to: number;
  /** Documents, by the code points of their names and then by `pk`. */
  documents: string[];
  beside: string;
  changedAt: number;
  tokens: Map<string, TokenRow>;
}

/** A request of a reader to the store. */
export interface Asked {
  statement: string;
  from: number;
  /** When it was answered, or failed. */
  to: number;
  isAnswered: boolean;
  by: Actor | undefined;
}

export type Store = ReturnType<typeof createStore>;

const migrations = readdirSync("drizzle")
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .flatMap((name) => readFileSync(`drizzle/${name}`, "utf8").split("--> statement-breakpoint"));

/** The tables that histories write to, with the columns that are not generated. */
const tables = {
  oauth_sources: "pk, document, search_text",
  list_state: "id, revision, changed_at, count, beside",
  api_tokens: "id, name, digest, last_four, scope, created_at, expires_at, revoked_at",
};

type Value = { type: "null" } | { type: "text"; value: string } | { type: "integer"; value: string };
type Backup = [table: string, columns: string, rows: Value[][]][];

let shared: { connection: LibsqlConnection; first: Backup } | undefined;

function attempt(connection: LibsqlConnection, sql: string, args: Value[] = []): Value[][] {
  const { result, error } = connection.attempt({ sql, args, named_args: [] });
  if (error) throw new Error(`${error.message}: ${sql}`);
  return (result as { rows: Value[][] }).rows;
}

function backUp(connection: LibsqlConnection): Backup {
  return Object.entries(tables).map(([table, columns]) => [
    table,
    columns,
    attempt(connection, `SELECT ${columns} FROM ${table}`),
  ]);
}

function restore(connection: LibsqlConnection, backup: Backup): void {
  for (const [table, columns, rows] of backup) {
    attempt(connection, `DELETE FROM ${table}`);
    const places = columns.replace(/\w+/g, "?");
    for (const row of rows) attempt(connection, `INSERT INTO ${table} (${columns}) VALUES (${places})`, row);
  }
}

/** One database for all histories, each of which finds it as the migrations left it. */
function open(): LibsqlConnection {
  if (!shared) {
    const connection = new LibsqlConnection(":memory:", 0);
    for (const sql of migrations) attempt(connection, sql);
    shared = { connection, first: backUp(connection) };
  }
  restore(shared.connection, shared.first);
  for (const table of ["icons", "icon_images", "sync_runs", "sqlite_sequence"])
    attempt(shared.connection, `DELETE FROM ${table}`);
  return shared.connection;
}

const textOf = (value: Value | undefined) => (value?.type === "text" ? value.value : "");
const integerOf = (value: Value | undefined) => (value?.type === "integer" ? Number(value.value) : null);

/** A real database in this process, what it held at which time, and a network before it that may be bad. */
export function createStore(world: World) {
  const connection = open();
  const states: State[] = [];
  const asked = new Map<string, Asked[]>();
  const look = { condition: "well" as Condition, delay: 300, upSince: 0, downSince: 0 };
  let backup: Backup | undefined;
  let seen = "";

  /** Keeps what the store holds now, where that has changed. */
  function note(): void {
    const documents = attempt(connection, "SELECT document FROM oauth_sources ORDER BY name, pk").map(([a]) =>
      textOf(a),
    );
    const [state = []] = attempt(connection, "SELECT beside, changed_at FROM list_state");
    const rows = attempt(connection, "SELECT digest, expires_at, revoked_at, scope FROM api_tokens");
    const now = JSON.stringify([documents, state, rows]);
    if (now === seen) return;
    seen = now;
    const tokens = new Map(
      rows.map(([digest, expiresAt, revokedAt, scope]) => [
        textOf(digest),
        {
          expiresAt: integerOf(expiresAt),
          isRevoked: integerOf(revokedAt) !== null,
          mayView: textOf(scope) === "sources:read",
        },
      ]),
    );
    const last = states.at(-1);
    if (last) last.to = world.at();
    const { 0: beside, 1: changedAt } = state;
    states.push({
      from: world.at(),
      to: Number.POSITIVE_INFINITY,
      documents,
      beside: textOf(beside),
      changedAt: integerOf(changedAt) ?? 0,
      tokens,
    });
  }

  const refusal = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const json = { "Content-Type": "application/json" };

  const untilAborted = (signal: AbortSignal | null | undefined) =>
    new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

  async function exchange(text: string, signal: AbortSignal | null | undefined, isReader: boolean): Promise<Response> {
    const { condition: ofAll, delay } = look;
    // What is slow is the way to the readers, so that writers come in between.
    const condition = ofAll === "slow" && !isReader ? "well" : ofAll;
    if (condition === "hangs") return untilAborted(signal);
    if (condition === "slow") await world.sleep(delay);
    const answer = await world.leave("the store", async () => {
      if (condition === "refuses") throw refusal();
      if (condition === "fails") return new Response("out of order", { status: 500 });
      const results = await runPipeline(connection, readPipeline(text));
      if (mayWrite(text)) note();
      const body = JSON.stringify({ baton: null, base_url: null, results });
      if (condition !== "drips") return new Response(body, { headers: json });
      // The body begins, and never ends.
      const stream = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(" "));
          signal?.addEventListener("abort", () => controller.error(signal.reason));
        },
      });
      return new Response(stream, { headers: json });
    });
    if (condition === "slow") await world.sleep(delay);
    // On the way back.
    return world.leave("the store's answer", () => answer);
  }

  /** The transport of `openLibsql`. @param reader whose reads are kept account of */
  const fetchFor =
    (reader?: string): typeof globalThis.fetch =>
    async (input, init) => {
      const request = input instanceof Request ? input : undefined;
      const text = request
        ? await request.text()
        : String(init?.body ? new TextDecoder().decode(init.body as ArrayBuffer) : "");
      const signal = init?.signal;
      if (!reader) return exchange(text, signal, false);
      const statement = statementOf(text);
      const isWhole = look.condition !== "drips";
      const own: Asked = {
        statement,
        from: world.at(),
        to: Number.POSITIVE_INFINITY,
        isAnswered: false,
        by: world.actor(),
      };
      const all = asked.get(reader) ?? [];
      asked.set(reader, [...all, own]);
      try {
        const response = await Promise.race([exchange(text, signal, true), untilAborted(signal)]);
        own.isAnswered = response.ok && isWhole;
        return response;
      } finally {
        own.to = world.at();
      }
    };

  note();
  return {
    states,
    look,
    fetchFor,
    note,
    askedBy: (reader: string) => asked.get(reader) ?? [],
    /** Runs a statement as an administrator does, past the network. */
    run(sql: string, args: Value[] = []) {
      attempt(connection, sql, args);
      note();
    },
    isUp: () => isUp[look.condition],
    become(condition: Condition, delay: number) {
      const [was, is] = [isUp[look.condition], isUp[condition]];
      if (!was && is) look.upSince = world.at();
      if (was && !is) look.downSince = world.at();
      Object.assign(look, { condition, delay });
    },
    backUp() {
      backup = backUp(connection);
    },
    /** @returns whether there was a backup */
    restore(): boolean {
      if (backup) restore(connection, backup);
      note();
      return backup !== undefined;
    },
  };
}

/** A batch, or a statement that is no SELECT. */
const mayWrite = (text: string) => !/"sql":"\s*select/i.test(text) || text.includes('"batch"');

/** What is asked, with its values: of one reader, twice the same is twice the same load. */
function statementOf(text: string): string {
  const { requests } = JSON.parse(text) as { requests: { type: string; stmt?: { args?: unknown } }[] };
  return JSON.stringify(requests.filter(({ type }) => type !== "close").map(({ stmt, ...rest }) => stmt ?? rest));
}
