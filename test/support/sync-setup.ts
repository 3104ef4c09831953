import { expect } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import { defaultLimits, type Limits } from "../../src/sync/upstream/limits.ts";
import { createFileStore } from "./sync-store.ts";
import { type Behaviour, generateSources, pageOf, sendJson, servePages, startUpstream } from "./upstream.ts";

/** As long as authentik's own, in letters of both cases. */
export const token = "Ak0123456789abcdefGHIJKLMNOPqrstuvwxyz0123456789ABCDEFsecret";
/** What may stand nowhere, not even in part or in another letter case. */
const secrets = new RegExp(`${token.slice(0, 20)}|${token.slice(-20)}|hunter2`, "i");

/** What the store has, and upstream too unless a test says otherwise. */
export const stored = generateSources(12);
const [first, ...others] = stored as [OAuthSource, ...OAuthSource[]];

/** So small that no test waits for them. */
export const smallLimits: Limits = { ...defaultLimits, pageBytes: 64 * 1024, pages: 5 };

export const json = { "Content-Type": "application/json" };

export const answer =
  (status: number, headers: Record<string, string> = {}, body = ""): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end(body);

/** Serves the stored sources, the first of them changed. */
export const changeFirst = (change: Record<string, unknown>) => servePages([{ ...first, ...change }, ...others]);

/** Pages of six: the twelve sources take two. */
export const inTwoPages =
  (rowsOf: (walk: number, page: number) => OAuthSource[]): Behaviour =>
  (response, { page, number }) =>
    sendJson(response, pageOf(rowsOf(Math.ceil(number / 2), page), page, 6));

/** A fault of upstream or of the configuration, and what becomes of a run that meets it. */
export interface Fault {
  name: string;
  behaviour?: Behaviour;
  options?: Partial<SyncOptions>;
  error: string | RegExp;
  /** How often upstream is asked. @default once */
  asked?: number;
}

export type SyncSetup = Awaited<ReturnType<typeof startSync>>;

/** A store, an upstream with twelve sources, and the sync between them, whose pauses take no time. */
export async function startSync(rows = stored) {
  const store = await createFileStore(rows);
  const upstream = await startUpstream(servePages(stored));
  const waits: number[] = [];
  const options: SyncOptions = {
    upstream: upstream.origin,
    token,
    limits: smallLimits,
    wait: async (milliseconds) => waits.push(milliseconds),
    random: () => 0.5,
  };
  const sync = (given: Partial<SyncOptions> = {}) => syncSources(store.db, { ...options, ...given });

  /** The run fails, leaves the list as it was, is recorded with the reason, and shows the token nowhere. */
  async function expectFailure({ behaviour, options, error, asked = 1 }: Fault) {
    if (behaviour) upstream.behaviour = behaviour;
    const before = await store.snapshot();
    const run = await sync(options);
    expect(run.outcome, String(run.error)).toBe("failed");
    expect(run.error).toEqual(
      typeof error === "string" ? expect.stringContaining(error) : expect.stringMatching(error),
    );
    expect(await store.snapshot()).toEqual(before);
    expect(upstream.seen).toHaveLength(asked);
    for (const { token: seen } of upstream.seen) expect(seen).toBe(`Bearer ${token}`);
    const recorded = await store.runs();
    expect(recorded).toEqual([{ id: 1, ...run }]);
    expect(JSON.stringify(recorded)).not.toMatch(secrets);
  }

  return { store, upstream, waits, options, sync, expectFailure, close: upstream.close };
}
