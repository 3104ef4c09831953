import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { withDeadline } from "../base/deadline.ts";
import { innermostCause } from "../base/describe-error.ts";
import { jitteredBackOff, type RetryOptions, retry } from "../base/retry.ts";
import { Unavailable } from "../base/unavailable.ts";
import { passingStatuses } from "./fetch.ts";

export type StoreKind = "libsql" | "d1";

type AnyDatabase = BaseSQLiteDatabase<"async", unknown>;

/**
 * What readers need of the store: a Drizzle database over libSQL or over D1. Rows of `values` are read by index: those of
 * libSQL are like arrays, and cannot be iterated.
 */
export type Database = Pick<AnyDatabase, "select" | "values">;

/** What writers need of it. A batch is one round trip, and atomic. */
export type WritableDatabase = Database &
  Pick<AnyDatabase, "insert" | "update" | "delete"> &
  Pick<LibSQLDatabase, "batch">;

/** For a query with all its attempts. D1 itself would give up after 30 s. */
const queryMs = 4_000;
const attempts = 3;
/** Before the second attempt, at most. */
const firstWaitMs = 100;

export type QueryTiming = Partial<Pick<RetryOptions, "now" | "sleep">> & { random?: () => number };

/**
 * Runs a query of a reader, and runs it again where the store may answer in a moment; whatever keeps it from that comes out as one
 * error. D1 tries reads again by itself: its errors are none of those that are tried again here.
 * @throws Unavailable
 */
export async function runQuery<T>(run: () => Promise<T>, timing: QueryTiming = {}): Promise<T> {
  const { now = Date.now, random, ...others } = timing;
  const deadline = now() + queryMs;
  const waitMs = jitteredBackOff(firstWaitMs, random);
  try {
    return await withDeadline(
      retry(run, { attempts, mayRetry, waitMs, deadline, now, ...others }),
      queryMs,
      timeoutError,
    );
  } catch (error) {
    const remedy = remedyOf(error);
    throw new Unavailable(remedy ?? "the store did not answer", { cause: error, remedy });
  }
}

const timeoutError = () => new Error(`no answer within ${queryMs / 1000} s`);

/** The signs of a connection that was lost: Node's codes, and what workerd says. */
const lostCodes = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];
const lostMessage = "Network connection lost.";

/** An allow-list, by the innermost cause: the messages around it hold the query, and so whatever a client searches for. */
function mayRetry(error: unknown): boolean {
  const cause = innermostCause(error);
  if (!(cause instanceof Error)) return false;
  if ("status" in cause) return passingStatuses.some((status) => status === cause.status);
  return cause.message === lostMessage || ("code" in cause && lostCodes.some((code) => code === cause.code));
}

/** A sentence for a missing table or column. SQLite says so in words alone, and D1 puts its own before them. */
function remedyOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, d1, kind, name] = /(D1_ERROR: )?no such (table|column): "?([\w.]+)/.exec(error.message) ?? [];
  if (!kind) return remedyOf(error.cause);
  return d1
    ? `the store is D1, and lacks the ${kind} ${name}: run \`npm run db:migrate -- --remote\`, \`npm run dev -- --d1\` for that of this machine, or in a host \`wrangler d1 migrations apply\``
    : `the store is libSQL, and lacks the ${kind} ${name}: run \`npm run db:migrate\``;
}
