import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { Changes, Difference } from "../oauth-sources/difference.ts";
import type { SourceList } from "../oauth-sources/read-list.ts";
import { compareWithStore, RevisionGone, readRevision, replaceSources } from "../oauth-sources/replace.ts";
import type { Asking } from "./fetch-upstream.ts";
import { refuseLosses } from "./guard.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { recordRun, type SyncRun } from "./runs.ts";
import { SyncError } from "./sync-error.ts";
import { listAddress, shownAddress } from "./upstream-address.ts";
import { walkUpstream } from "./walk.ts";

export interface SyncOptions extends Partial<Pick<Asking, "fetch" | "wait" | "random" | "now">> {
  /** Where authentik is, such as https://authentik.example. */
  upstream: string;
  /** An API token of authentik, whose user may view OAuth sources. */
  token: string;
  /** Takes a list even where most of the sources in the store are not in it. @default false */
  allowRemovals?: boolean | undefined;
  /** Sends the token over http:// to other hosts than this one. @default false */
  allowHttp?: boolean | undefined;
  limits?: Partial<Limits> | undefined;
  onPage?: ((read: number, total: number) => void) | undefined;
  onProgress?: ((written: number, total: number) => void) | undefined;
}

/**
 * Makes the store's list equal to authentik's, and keeps what became of it. Nothing is written unless the whole list was
 * read and is good, and no other writer came in between.
 * @returns the run; what went wrong is in it, in words without the token
 */
export async function syncSources(db: LibSQLDatabase, options: SyncOptions): Promise<SyncRun> {
  const { now = Date.now } = options;
  const startedAt = now();
  const outcome = await replaceByUpstream(db, options).catch((error) => failure(error, options.token));
  const run = { startedAt, durationMs: now() - startedAt, upstream: shownAddress(options.upstream), ...outcome };
  try {
    await recordRun(db, run);
  } catch (error) {
    const unrecorded = `the run could not be recorded: ${rootMessage(error)}`;
    run.error = redact(run.error ? `${run.error}\n${unrecorded}` : unrecorded, options.token);
  }
  return run;
}

/**
 * What `syncSources` would change; writes nothing.
 * @throws SyncError for faults of the store too
 */
export async function compareWithUpstream(db: LibSQLDatabase, options: SyncOptions): Promise<Difference> {
  try {
    return await compareWithStore(db, await readUpstream(options));
  } catch (error) {
    throw new SyncError(sentence(error, options.token));
  }
}

type Result = Pick<SyncRun, "outcome" | "error" | keyof Changes>;

async function replaceByUpstream(db: LibSQLDatabase, options: SyncOptions): Promise<Result> {
  const { now = Date.now, onProgress, allowRemovals } = options;
  const revision = await readRevision(db);
  const list = await readUpstream(options);
  let typesChanged = false;
  const changes = await replaceSources(db, list, {
    now: now(),
    revision,
    onProgress,
    approve(difference) {
      if (!allowRemovals) refuseLosses(difference);
      typesChanged = difference.types.length > 0;
    },
  });
  const hasChanged = typesChanged || changes.added + changes.changed + changes.removed > 0;
  return { outcome: hasChanged ? "changed" : "unchanged", error: null, ...changes };
}

async function readUpstream(options: SyncOptions): Promise<SourceList> {
  const { now = Date.now, token } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const address = listAddress(options.upstream, options.allowHttp ?? false);
  // Others cannot be sent, and the runtime's own error would show them.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SyncError("the token holds characters that no token of authentik has");
  const asking: Asking = {
    token,
    limits,
    now,
    deadline: now() + limits.runMs,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    wait: options.wait ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))),
    random: options.random ?? Math.random,
  };
  return walkUpstream(address, asking, options.onPage);
}

/** Enough for ten problems; the store keeps a thousand of them. */
const longestError = 2_000;

function failure(error: unknown, token: string): Result {
  const nothing = { added: null, changed: null, removed: null, unchanged: null };
  if (error instanceof RevisionGone) {
    const message = "another run has written meanwhile; this one has written nothing";
    return { outcome: "superseded", error: message, ...nothing };
  }
  return { outcome: "failed", error: sentence(error, token), ...nothing };
}

const sentence = (error: unknown, token: string) =>
  redact(error instanceof SyncError ? error.message : `the store failed: ${rootMessage(error)}`, token);

/**
 * An upstream that sends the token back does not get it into a log: not in a slug, where quotes are escaped, nor in a host or
 * a content type, which are put into lower case. Cut to length only then: half a token would not be found.
 */
function redact(text: string, token: string): string {
  const spellings = [token, JSON.stringify(token).slice(1, -1)].map((spelling) => spelling.replace(special, "\\$&"));
  const redacted = token === "" ? text : text.replace(new RegExp(spellings.join("|"), "giu"), "…");
  return redacted.slice(0, longestError);
}

/** What means something in a pattern. */
const special = /[\\^$.*+?()[\]{}|]/g;

/** The innermost cause that says something: Drizzle's own message holds the values of the statement. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause ? rootMessage(error.cause) : "";
  return cause || error.message || ("code" in error ? String(error.code) : "");
}
