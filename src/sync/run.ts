import { innermostMessage } from "../base/describe-error.ts";
import type { WritableDatabase } from "../db/database.ts";
import { type Changes, compareLists, countChanges, type Difference, isEmpty, refuseLosses } from "./difference.ts";
import { copyIcons, type IconsCopied } from "./icons/copy.ts";
import { syncIssuerKeys } from "./issuer-keys.ts";
import type { SourceList } from "./list.ts";
import { InvalidList } from "./problem.ts";
import { recordRun, type SyncRun, type Trigger } from "./runs.ts";
import { Superseded, SyncError } from "./sync-error.ts";
import { listAddress, shownAddress } from "./upstream/address.ts";
import type { UpstreamOptions } from "./upstream/fetch.ts";
import { defaultLimits, type Limits } from "./upstream/limits.ts";
import { walkUpstream } from "./upstream/walk.ts";
import { mostWarnings, noWarnings, unavailable, type Warnings } from "./warning.ts";
import { readRevision, readStoredList, writeAttempts, writeDifference } from "./write.ts";

export interface SyncOptions extends Partial<Pick<UpstreamOptions, "fetch" | "wait" | "random" | "now">> {
  /** Where authentik is, such as https://authentik.example. */
  upstream: string;
  /** An API token of authentik, whose user may view OAuth sources. */
  token: string;
  /** Issuers whose public keys are read too, see `OIDC_ISSUER`. @default none */
  issuers?: readonly string[] | undefined;
  /** Called where the keys of any issuer have changed. */
  onKeysChanged?: (() => void) | undefined;
  /** Whether the icons of the sources are copied too, see `icons` of `createSourcesApp`. @default false */
  icons?: boolean | undefined;
  /** Asks for icons: where the runtime reaches private networks, one that does not. @default fetch */
  iconFetch?: typeof fetch | undefined;
  /** Called with what became of the icons, where a good run has copied them. */
  onIcons?: ((icons: IconsCopied) => void) | undefined;
  /** What starts the run, for its record. @default command */
  trigger?: Trigger | undefined;
  /** Takes a list even where most of the sources in the store are not in it. @default false */
  allowRemovals?: boolean | undefined;
  /** Sends the token over http:// to other hosts than this one. @default false */
  allowHttp?: boolean | undefined;
  limits?: Partial<Limits> | undefined;
  /** Called after every page with how many of how many have been read. */
  onPage?: ((read: number, total: number) => void) | undefined;
}

/**
 * Makes the store's list equal to authentik's, and records what became of it. The list stays as it was unless the whole of
 * upstream's was read and is good, and no other writer came in between.
 * @returns the run; what went wrong is in it, in words without the token
 */
export async function syncSources(db: WritableDatabase, options: SyncOptions): Promise<SyncRun> {
  const { now = Date.now, trigger = "command", issuers = [] } = options;
  const startedAt = now();
  // Keys and list fail apart.
  const keys = await readKeys(db, issuers, options);
  if (keys.isChanged) options.onKeysChanged?.();
  const { list, outcome } = await replaceByUpstream(db, options).catch((error) => ({
    list: undefined,
    outcome: failure(error, options.token),
  }));
  const icons = options.icons && list ? await copyOf(db, list, options) : undefined;
  if (icons) options.onIcons?.(icons);
  const upstream = shownAddress(options.upstream);
  const ofKeysAndIcons = [keys, ...(icons ? [icons] : [])].map((part) => warningsOf(part, options.token));
  const warnings = joinRunWarnings(outcome, ...ofKeysAndIcons);
  const run: SyncRun = { startedAt, durationMs: now() - startedAt, trigger, upstream, ...outcome, ...warnings };
  try {
    await recordRun(db, run);
  } catch (error) {
    const unrecorded = `the run could not be recorded: ${innermostMessage(error)}`;
    run.error = redact(run.error ? `${run.error}\n${unrecorded}` : unrecorded, options.token);
  }
  return run;
}

/**
 * What `syncSources` would change, and warn of; writes nothing.
 * @throws SyncError for faults of the store too
 */
export async function compareWithUpstream(
  db: WritableDatabase,
  options: SyncOptions,
): Promise<{ difference: Difference } & RunWarnings> {
  try {
    const list = await readUpstream(options);
    const difference = compareLists(await readStoredList(db), list);
    return { difference, ...warningsOf(list, options.token) };
  } catch (error) {
    throw new SyncError(sentence(error, options.token));
  }
}

interface KeysRead {
  isChanged: boolean;
  warnings: Warnings;
}

async function readKeys(db: WritableDatabase, issuers: readonly string[], options: SyncOptions): Promise<KeysRead> {
  if (issuers.length === 0) return { isChanged: false, warnings: noWarnings };
  try {
    return await syncIssuerKeys(db, issuers, upstreamOptions({ ...options, token: undefined }));
  } catch (error) {
    return { isChanged: false, warnings: unavailable("issuer_keys", storeFailure(error)) };
  }
}

const storeFailure = (error: unknown) => `the store failed: ${innermostMessage(error)}`;

/** The list is good without its icons: a store that fails at them is a warning too. */
async function copyOf(db: WritableDatabase, list: SourceList, options: SyncOptions): Promise<IconsCopied> {
  try {
    return await copyIcons(db, list, iconOptions(options));
  } catch (error) {
    return { changed: 0, asked: 0, left: 0, warnings: unavailable("icons", storeFailure(error)) };
  }
}

/** How icons are asked for: whatever the run's token is, none goes along. */
export function iconOptions({ upstream, token, iconFetch, ...options }: SyncOptions) {
  const { limits, fetch, now } = upstreamOptions({
    ...options,
    ...(iconFetch && { fetch: iconFetch }),
    token: undefined,
  });
  return {
    limits,
    fetch,
    now,
    origin: new URL(upstream).origin,
    redact: (text: string) => redact(text, token),
  };
}

const joinRunWarnings = (...parts: RunWarnings[]): RunWarnings => ({
  warnings: parts.reduce((sum, { warnings }) => sum + warnings, 0),
  firstWarnings: parts.flatMap(({ firstWarnings }) => firstWarnings).slice(0, mostWarnings),
});

type RunWarnings = Pick<SyncRun, "warnings" | "firstWarnings">;

type Outcome = Pick<SyncRun, "outcome" | "error" | keyof Changes> & RunWarnings;

/**
 * Where another writer was faster it starts again from the reading of upstream: what that writer read may be older than the
 * change for which this run was started. A run that finds nothing to write raises the revision all the same, so that one that has
 * read before it cannot write after it.
 */
async function replaceByUpstream(
  db: WritableDatabase,
  options: SyncOptions,
): Promise<{ list: SourceList; outcome: Outcome }> {
  const { now = Date.now, allowRemovals } = options;
  for (let attempt = 1; attempt <= writeAttempts; attempt++) {
    const revision = await readRevision(db);
    const list = await readUpstream(options);
    const stored = await readStoredList(db);
    const difference = compareLists(stored, list);
    if (!allowRemovals) refuseLosses(difference);
    const hasNothingToWrite = isEmpty(difference) && difference.renewed.length === 0;
    try {
      // A list that is what was read need only stay so.
      await writeDifference(db, difference, { revision: hasNothingToWrite ? stored.revision : revision, now: now() });
      const changes = { outcome: isEmpty(difference) ? "unchanged" : "changed", ...countChanges(difference) } as const;
      return { list, outcome: { ...changes, error: null, ...warningsOf(list, options.token) } };
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
    }
  }
  throw new Superseded("other runs have written meanwhile; this one has written nothing");
}

async function readUpstream(options: SyncOptions): Promise<SourceList> {
  const { token } = options;
  const address = listAddress(options.upstream, options.allowHttp ?? false);
  // Others cannot be sent, and the runtime's own error would show them.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SyncError("the token holds characters that no token of authentik has");
  return walkUpstream(address, upstreamOptions(options), options.onPage);
}

type GivenUpstreamOptions = Pick<SyncOptions, "limits" | "now" | "fetch" | "wait" | "random"> &
  Pick<UpstreamOptions, "token">;

/** With a deadline from now on, and defaults for what only tests give. */
export function upstreamOptions({ token, now = Date.now, ...options }: GivenUpstreamOptions): UpstreamOptions {
  const limits = { ...defaultLimits, ...options.limits };
  return {
    token,
    limits,
    now,
    deadline: now() + limits.runMs,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    wait: options.wait ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))),
    random: options.random ?? Math.random,
  };
}

/** As they are kept: the place in a list says nothing to who reads them, and a slug or a key may be the token. */
function warningsOf({ warnings: { count, first } }: { warnings: Warnings }, token: string): RunWarnings {
  const redacted = (key: string, value: unknown) => {
    if (key === "row") return undefined;
    return typeof value === "string" ? redact(value, token) : value;
  };
  return { warnings: count, firstWarnings: JSON.parse(JSON.stringify(first), redacted) };
}

/** Enough for ten problems; the store keeps a thousand of them. */
const longestError = 2_000;

function failure(error: unknown, token: string): Outcome {
  return {
    outcome: error instanceof Superseded ? "superseded" : "failed",
    error: sentence(error, token),
    ...{ added: null, changed: null, removed: null, unchanged: null, renewed: 0, warnings: 0, firstWarnings: [] },
  };
}

const sentence = (error: unknown, token: string) =>
  redact(error instanceof SyncError || error instanceof InvalidList ? error.message : storeFailure(error), token);

/**
 * An upstream that sends the token back does not get it into a log: not in a slug, where quotes are escaped, nor in a host or
 * a content type, which are put into lower case. Cut to length only then: half a token would not be found.
 */
function redact(text: string, token: string): string {
  const spellings = [token, JSON.stringify(token).slice(1, -1)].map((spelling) => spelling.replace(special, "\\$&"));
  const redacted = token === "" ? text : text.replace(new RegExp(spellings.join("|"), "giu"), "…");
  // Where a pair of surrogates is cut in two, native libSQL would abort.
  return redacted.slice(0, longestError).toWellFormed();
}

/** What means something in a pattern. */
const special = /[\\^$.*+?()[\]{}|]/g;
