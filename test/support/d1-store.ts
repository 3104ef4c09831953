import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { inject } from "vitest";
import { openD1 } from "../../src/db/d1.ts";
import { readList } from "../../src/sync/list.ts";
import { replaceSources } from "../../src/sync/write.ts";
import { type AnyStore, storeTokens } from "./store.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      /** Databases for tests, as many as are used at once. */
      [database: `D1_${number}`]: D1Database | undefined;
    }
  }
}

type Rows = unknown[][];

/** What D1 may do to a query of a reader, given a way to have the real rows. A list begins with a row of its state. */
type Fault = (ask: () => Promise<Rows>) => Promise<Rows>;

const change =
  (edit: (rows: Rows) => void): Fault =>
  async (ask) => {
    const rows = await ask();
    if (String(rows[0]?.[0]).startsWith("[")) edit(rows);
    return rows;
  };

export const d1Faults: Record<string, Fault> = {
  none: (ask) => ask(),
  slow: async (ask) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return ask();
  },
  fails: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
  "is overloaded": () => Promise.reject(new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.")),
  hangs: () => new Promise(() => {}),
  "no rows": change((rows) => rows.splice(0)),
  null: change((rows) => rows[1]?.splice(0, 1, null)),
  "a number": change((rows) => rows[1]?.splice(0, 1, 7)),
  "text that is no object": change((rows) => rows[1]?.splice(0, 1, "[]")),
  "half an object": change((rows) => rows[1]?.splice(0, 1, String(rows[1][0]).slice(0, -10))),
  "a row less": change((rows) => rows.pop()),
  "a row more": change((rows) => rows.push(rows[1] ?? [])),
  "no count": change((rows) => rows[0]?.splice(0, 1, '[null,0,"{}"]')),
};

interface Control {
  fault: string;
  requests: number;
}

/** What sends something: the rest of D1's interface only prepares it. */
const sending = ["raw", "all", "run", "first", "batch"];

/** A database, a session or a statement, whose queries are counted and meet the fault that is set. */
function watch<T extends object>(target: T, control: Control): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const call = () => member.apply(target, args);
        if (!sending.includes(String(name))) return watch(call(), control);
        control.requests++;
        const fault = d1Faults[control.fault];
        if (!fault) throw new Error(`there is no fault "${control.fault}"`);
        return fault(call);
      };
    },
  });
}

let made = 0;

/** A D1 of its own: the real engine of the runtime, and in front of it what counts its queries and can break them. */
export async function createD1Store(): Promise<AnyStore> {
  const databases = Object.entries(env).filter(([name]) => name.startsWith("D1_"));
  const [, real] = databases[made++ % databases.length] ?? [];
  if (!real) throw new Error("there is no D1 among the bindings");
  await renew(real);
  const control: Control = { fault: "none", requests: 0 };
  const DB = watch(real, control);
  const db = drizzle(real);
  await storeTokens(db);
  return {
    db,
    bindings: { DB },
    open: () => openD1(DB.withSession("first-unconstrained")),
    load: (list) => replaceSources(db, readList(list), { now: Date.now() }),
    fault: async (name) => {
      control.fault = name;
    },
    requests: async () => control.requests,
  };
}

/** Makes a database as new. */
async function renew(database: D1Database): Promise<void> {
  const tables = await database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
    )
    .all<{ name: string }>();
  for (const { name } of tables.results) await database.prepare(`DROP TABLE "${name}"`).run();
  await applyD1Migrations(database, inject("migrations"));
}
