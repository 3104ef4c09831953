import type { AnyD1Database } from "drizzle-orm/d1";
import * as z from "zod/mini";
import { openD1 } from "../../src/db/d1.ts";
import type { WritableDatabase } from "../../src/db/database.ts";
import { type Cloudflare, CloudflareError } from "./api.ts";

/** Of what is sent for one batch: Cloudflare takes no larger request. */
export const largestBatch = 8 * 1024 * 1024;

/** More than one batch may have: nothing was sent. */
export class BatchTooLarge extends Error {}

interface Statement {
  sql: string;
  params: unknown[];
}

const results = z.array(z.looseObject({ success: z.boolean(), results: z.array(z.unknown()) }));
const rawResults = z.array(z.object({ results: z.object({ rows: z.array(z.array(z.unknown())) }) }));

const isSelect = ({ sql }: Statement) => /^\s*select\b/i.test(sql);

/**
 * Opens a D1 database at Cloudflare over its REST API, in the form of a D1 binding. A batch is one request; a reading alone is
 * sent again where that may help.
 */
export function openRemoteD1({ call }: Pick<Cloudflare, "call">, id: string): WritableDatabase {
  const send = async (way: "query" | "raw", body: Statement | { batch: Statement[] }, changesNothing: boolean) => {
    try {
      return await call("POST", `d1/database/${id}/${way}`, body, changesNothing);
    } catch (error) {
      throw missingTable(error) ?? error;
    }
  };

  async function query(body: Statement | { batch: Statement[] }, changesNothing: boolean) {
    return read(results, await send("query", body, changesNothing));
  }

  function prepare(statement: Statement) {
    return {
      statement,
      bind: (...params: unknown[]) => prepare({ ...statement, params }),
      run: async () => (await query(statement, isSelect(statement)))[0],
      all: async () => (await query(statement, isSelect(statement)))[0],
      raw: async () => read(rawResults, await send("raw", statement, isSelect(statement)))[0]?.results.rows ?? [],
    };
  }

  async function batch(prepared: ReturnType<typeof prepare>[]) {
    const statements = prepared.map(({ statement }) => statement);
    const bytes = Buffer.byteLength(JSON.stringify(statements));
    if (bytes > largestBatch) {
      const [has, most] = [bytes, largestBatch].map((count) => (count / 2 ** 20).toFixed(1));
      throw new BatchTooLarge(`the changes have ${has} MiB, more than the ${most} MiB that Cloudflare takes at once`);
    }
    return query({ batch: statements }, statements.every(isSelect));
  }

  const client = { prepare: (sql: string) => prepare({ sql, params: [] }), batch };
  // Drizzle's types know the whole binding alone; of its statements, Drizzle calls what these have.
  return openD1(client as unknown as AnyD1Database);
}

function read<T>(schema: z.ZodMiniType<T>, json: unknown): T {
  const { success, data } = schema.safeParse(json);
  if (!success) throw new CloudflareError("Cloudflare answered with something else than rows");
  return data;
}

function missingTable(error: unknown): Error | undefined {
  const [, table] = (error instanceof CloudflareError && /no such table: ([\w.]+)/.exec(error.message)) || [];
  return table === undefined
    ? undefined
    : new Error(`the deployed D1 lacks the table ${table}: run \`npm run db:migrate -- --remote\` first`);
}
