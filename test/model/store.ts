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

/**
 * A libSQL engine with the tables that the migrations make; all histories share it.
 * @param text what a client sends to `/v2/pipeline`
 * @returns the answer to each of its requests
 */
export type Engine = (text: string) => Promise<object[]>;

/** The tables that histories write to, with the columns that are not generated. */
const tables = {
  oauth_sources: "pk, document, search_text",
  list_state: "id, revision, changed_at, count, beside",
  api_tokens: "id, name, digest, last_four, scope, created_at, expires_at, revoked_at",
};

type Value = { type: "null" } | { type: "text"; value: string } | { type: "integer"; value: string };
type Backup = [table: string, columns: string, rows: Value[][]][];

interface Answer {
  error?: { message: string };
  response?: { result?: { rows: Value[][] } };
}

type Statement = [sql: string, args?: Value[]];

const requestsOf = (statements: Statement[]) =>
  statements.map(([sql, args = []]) => ({ type: "execute", stmt: { sql, args } }));

const textOfRequests = (requests: object[]) => JSON.stringify({ requests: [...requests, { type: "close" }] });

/** @returns the rows of each statement */
async function rowsOf(engine: Engine, statements: Statement[]): Promise<Value[][][]> {
  const answers: Answer[] = await engine(textOfRequests(requestsOf(statements)));
  for (const { error } of answers) if (error) throw new Error(error.message);
  return statements.map((_, i) => answers[i]?.response?.result?.rows ?? []);
}

async function backUp(engine: Engine): Promise<Backup> {
  const all = Object.entries(tables);
  const rows = await rowsOf(
    engine,
    all.map(([table, columns]) => [`SELECT ${columns} FROM ${table}`]),
  );
  return all.map(([table, columns], i) => [table, columns, rows[i] ?? []]);
}

const restoring = (backup: Backup): Statement[] =>
  backup.flatMap(([table, columns, rows]) => {
    const insert = `INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, "?")})`;
    return [[`DELETE FROM ${table}`], ...rows.map((row): Statement => [insert, row])];
  });

/** Each history finds the database as the migrations left it. */
const clearing: Statement[] = [
  ...["oauth_sources", "api_tokens", "icons", "icon_images", "sync_runs", "sqlite_sequence"].map(
    (table): Statement => [`DELETE FROM ${table}`],
  ),
  ["UPDATE list_state SET revision = 0, changed_at = 0, count = 0, beside = '{}'"],
];

/** What a state is made of. */
const looking: Statement[] = [
  ["SELECT document FROM oauth_sources ORDER BY name, pk"],
  ["SELECT beside, changed_at FROM list_state"],
  ["SELECT digest, expires_at, revoked_at, scope FROM api_tokens"],
];

const textOf = (value: Value | undefined) => (value?.type === "text" ? value.value : "");
const integerOf = (value: Value | undefined) => (value?.type === "integer" ? Number(value.value) : null);

/** A real database, what it held at which time, and a network before it that may be bad. */
export function createStore(world: World, engine: Engine) {
  const states: State[] = [];
  const asked = new Map<string, Asked[]>();
  const look = { condition: "well" as Condition, delay: 300, upSince: 0, downSince: 0 };
  let backup: Backup | undefined;
  let seen = "";

  /** Keeps what the store holds now, where that has changed. */
  function note([sources = [], [state = []] = [], rows = []]: Value[][][]): void {
    const documents = sources.map(([document]) => textOf(document));
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

  /** Runs what may write, and looks at what there is then. */
  async function write(text: string): Promise<object[]> {
    const { requests }: { requests: { type: string }[] } = JSON.parse(text);
    const own = requests.filter(({ type }) => type !== "close");
    const answers: Answer[] = await engine(textOfRequests([...own, ...requestsOf(looking)]));
    note(answers.slice(own.length, -1).map(({ response }) => response?.result?.rows ?? []));
    return [...answers.slice(0, own.length), ...answers.slice(-1)];
  }

  /** Runs statements past the network, and looks at what there is then. */
  const run = async (statements: Statement[]) =>
    note((await rowsOf(engine, [...statements, ...looking])).slice(-looking.length));

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
      const results = mayWrite(text) ? await write(text) : await engine(text);
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

  return {
    states,
    look,
    fetchFor,
    clear: () => run(clearing),
    askedBy: (reader: string) => asked.get(reader) ?? [],
    /** Runs a statement as an administrator does. */
    run: (...statement: Statement) => run([statement]),
    isUp: () => isUp[look.condition],
    become(condition: Condition, delay: number) {
      const [was, is] = [isUp[look.condition], isUp[condition]];
      if (!was && is) look.upSince = world.at();
      if (was && !is) look.downSince = world.at();
      Object.assign(look, { condition, delay });
    },
    async backUp() {
      backup = await backUp(engine);
    },
    restore: () => run(backup ? restoring(backup) : []),
  };
}

/** A batch, or a statement that is no SELECT. */
const mayWrite = (text: string) => !/"sql":"\s*select/i.test(text) || text.includes('"batch"');

/** What is asked, with its values: of one reader, twice the same is twice the same load. */
function statementOf(text: string): string {
  const { requests } = JSON.parse(text) as { requests: { type: string; stmt?: { args?: unknown } }[] };
  return JSON.stringify(requests.filter(({ type }) => type !== "close").map(({ stmt, ...rest }) => stmt ?? rest));
}
