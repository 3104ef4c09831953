import * as z from "zod/mini";

/*
 * What a client sends and is told, in the form of sqld, the real server: version 2 of its protocol, JSON over HTTP.
 * https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
 */

/** The client broke the protocol: a 400 for the whole pipeline, and the end of its stream. */
export class ProtocolError extends Error {}

/** What went wrong with one request of a pipeline; those after it still run. */
export class StatementError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const fits64Bits = (text: string) => /^-?[0-9]{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);

/** A value: integers as text, since JSON numbers cannot hold 64 bits. */
const value = z.discriminatedUnion("type", [
  z.object({ type: z.literal("null") }),
  z.object({ type: z.literal("integer"), value: z.string().check(z.refine(fits64Bits)) }),
  z.object({ type: z.literal("float"), value: z.number() }),
  z.object({ type: z.literal("text"), value: z.string() }),
  z.object({ type: z.literal("blob"), base64: z.string().check(z.regex(/^[A-Za-z0-9+/]*={0,2}$/)) }),
]);

const sql = { sql: z.nullish(z.string()), sql_id: z.nullish(z.int()) };

const statement = z.object({
  ...sql,
  args: z._default(z.array(value), []),
  named_args: z._default(z.array(z.object({ name: z.string(), value })), []),
});

export type Condition =
  | { type: "ok" | "error"; step: number }
  | { type: "not"; cond: Condition }
  | { type: "and" | "or"; conds: Condition[] }
  | { type: "is_autocommit" };

const condition: z.ZodMiniType<Condition> = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal(["ok", "error"]), step: z.int() }),
    z.object({ type: z.literal("not"), cond: condition }),
    z.object({ type: z.literal(["and", "or"]), conds: z.array(condition) }),
    z.object({ type: z.literal("is_autocommit") }),
  ]),
);

const batch = z.object({ steps: z.array(z.object({ stmt: statement, condition: z.nullish(condition) })) });

const request = z.discriminatedUnion("type", [
  z.object({ type: z.literal("execute"), stmt: statement }),
  z.object({ type: z.literal("batch"), batch }),
  z.object({ type: z.literal("sequence"), ...sql }),
  z.object({ type: z.literal("store_sql"), sql_id: z.int(), sql: z.string() }),
  z.object({ type: z.literal("close_sql"), sql_id: z.int() }),
  z.object({ type: z.literal("get_autocommit") }),
  z.object({ type: z.literal("close") }),
]);

const pipeline = z.object({ baton: z.nullish(z.string()), requests: z.array(request) });

export type Value = z.infer<typeof value>;
export type Statement = z.infer<typeof statement>;
export type Batch = z.infer<typeof batch>;
export type StreamRequest = z.infer<typeof request>;
export type Pipeline = z.infer<typeof pipeline>;

/** @throws ProtocolError */
export function readPipeline(text: string): Pipeline {
  const { success, data, error } = z.safeParse(pipeline, parseJson(text));
  if (success) return data;
  const [issue] = error.issues;
  throw new ProtocolError(`Cannot read the pipeline: ${issue?.message} at ${issue?.path.join(".")}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(`Cannot read the pipeline: ${String(error)}`);
  }
}

/** What only version 3 of the protocol has. */
export const newerProtocol = (what: string) =>
  new ProtocolError(`${what} is only supported in protocol version hrana3 and higher`);
