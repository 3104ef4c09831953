import type { AnyD1Database } from "drizzle-orm/d1";

type Statement = ReturnType<AnyD1Database["prepare"]>;

export interface SentStatement {
  sql: string;
  values: unknown[];
}

/** A D1 that keeps what it is sent: the statements of each request. */
export function recordD1(database: AnyD1Database, requests: SentStatement[][]) {
  const statements = new Map<object, { real: Statement; sent: SentStatement }>();

  function watch(real: Statement, sent: SentStatement): object {
    const send =
      (name: "raw" | "all" | "run") =>
      async (...args: []) => {
        requests.push([sent]);
        return real[name](...args);
      };
    const statement = {
      bind: (...values: unknown[]) => watch(real.bind(...values), { sql: sent.sql, values }),
      raw: send("raw"),
      all: send("all"),
      run: send("run"),
    };
    statements.set(statement, { real, sent });
    return statement;
  }

  return {
    prepare: (sql: string) => watch(database.prepare(sql), { sql, values: [] }),
    batch(watched: object[]) {
      const known = watched.flatMap((statement) => statements.get(statement) ?? []);
      requests.push(known.map(({ sent }) => sent));
      return database.batch(known.map(({ real }) => real));
    },
  };
}
