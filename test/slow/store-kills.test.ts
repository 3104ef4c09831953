// Holds P12: docs/promises.md.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { syncSources } from "../../src/sync/run.ts";
import { openStore } from "../../tools/store.ts";
import { outcomeOf, spawnTool } from "../support/run.ts";
import { sqldPath, startSqld } from "../support/sqld.ts";
import { type FilledStore, fillServer, fillStore, stores } from "../support/stores.ts";
import { createFileStore } from "../support/sync-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

/** One page, so that it is walked once: the walk is no matter of the store. */
const count = 1_000;
const oldSources = generateSources(count, "Old");
const versions: Record<string, string> = {
  Old: JSON.stringify(pageOf(oldSources)),
  New: JSON.stringify(pageOf(generateSources(count, "New"))),
};
const other = (names: string) => (names === "Old" ? "New" : "Old");

const atEnd: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of atEnd.splice(0)) await end();
});

interface Run {
  ended: Promise<unknown>;
  kill: () => unknown;
}

/** A store with the old list, and how a sync of it is run, and killed. */
interface Victim {
  store: FilledStore;
  run: (upstream: string) => Run;
}

const startSync = (store: FilledStore, upstream: string) =>
  spawnTool("sync", store.args, { ...store.variables, AUTHENTIK_SYNC_URL: upstream, AUTHENTIK_TOKEN: "t" });

/** Runs the command, which is killed with all that it has started. */
const commandOver = (startStore: (rows: unknown[]) => Promise<FilledStore>) => async (): Promise<Victim> => {
  const store = await startStore(oldSources);
  const run = (upstream: string): Run => {
    const child = startSync(store, upstream);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    return { ended, kill: () => child.exitCode === null && process.kill(-(child.pid ?? 0), "SIGKILL") };
  };
  return { store, run };
};

async function startFile(rows: unknown[]): Promise<FilledStore> {
  const { url, db } = await createFileStore();
  const close = async () => db.$client.close();
  return { ...(await fillStore(db, rows)), args: [], variables: { LIBSQL_URL: url }, close };
}

/** Runs a sync here, and kills the server under it. */
async function serverOfSqld(): Promise<Victim> {
  const sqld = await startSqld();
  const store = { ...(await fillServer(sqld, oldSources)), args: [], close: sqld.close };
  const run = (upstream: string): Run => {
    const ended = syncSources(openStore(sqld.url, undefined), { upstream, token: "t" });
    return { ended, kill: () => sqld.kill().then(sqld.start) };
  };
  return { store, run };
}

/** Kills at random moments: then the store has every column of one version, and the revision says which. */
async function killAtRandom(kills: number, startVictim: () => Promise<Victim>): Promise<string[]> {
  const { store, run } = await startVictim();
  const upstream = await startUpstream();
  atEnd.push(store.close, upstream.close);
  /** @returns when the list has been sent: from then on, the store is read and written */
  const serve = (version: string) =>
    new Promise<void>((resolve) => {
      upstream.behaviour = (response) => {
        sendJson(response, versions[version] ?? "");
        resolve();
      };
    });

  const old = await store.look();
  const sent = serve("New");
  const { ended } = run(upstream.origin);
  await sent;
  const begun = performance.now();
  await ended;
  const writeMs = performance.now() - begun;

  const moments: string[] = [];
  let before = await store.look();
  expect(before).toMatchObject({ names: "New", count, counted: count, revision: old.revision + 1 });
  const digests: Record<string, string> = { Old: old.digest, New: before.digest };
  expect(digests.New).not.toBe(digests.Old);
  let mayBeLate = false;
  for (let i = 0; i < kills; i++) {
    const next = other(before.names);
    const sent = serve(next);
    const { ended, kill } = run(upstream.origin);
    await sent;
    const delay = Math.random() * writeMs;
    await sleep(delay);
    await kill();
    await ended;
    // What a killed command had started, such as D1's runtime, may hold the file for a moment longer.
    const after = await vi.waitFor(() => store.look(), 30_000);
    const isWritten = after.names !== before.names;
    const moment = `+${Math.round(delay)} of ${Math.round(writeMs)} ms: ${after.names}`;
    // A server may write late what the last command had sent. This one then finds nothing to write, and raises the revision too.
    const raises = isWritten ? [1, ...(mayBeLate ? [2] : [])] : [0];
    expect(raises, moment).toContain(after.revision - before.revision);
    const written = { names: next, digest: digests[next], revision: after.revision };
    expect(after, moment).toEqual({ ...before, ...(isWritten && written) });
    mayBeLate = !isWritten;
    moments.push(`${moment}${isWritten ? " (written)" : ""}`);
    before = after;
  }
  const syncTo = async (version: string) => {
    void serve(version);
    return (await outcomeOf(startSync(store, upstream.origin))).stdout;
  };
  // A server may still write what a killed command had sent: so there and back.
  await syncTo(before.names);
  expect(await syncTo(other(before.names))).toBe(`added 0, changed ${count}, removed 0, unchanged 0\n`);
  return moments;
}

/** Four kills of the command over each store, and four of sqld: twenty in all. */
const victims = [
  { name: "the command over a file", kills: 4, startVictim: commandOver(startFile) },
  ...stores.map(({ name, start }) => ({
    name: `the command over ${name}`,
    kills: 4,
    startVictim: commandOver(start),
  })),
  ...(sqldPath ? [{ name: "sqld under a sync", kills: 4, startVictim: serverOfSqld }] : []),
];

describe(`a store of ${count} sources`, () => {
  it.each(victims)("has the old list or the new one after each of $kills kills of $name", async (victim) => {
    const { kills, startVictim } = victim;
    const halves = await Promise.all([1, 2].map(() => killAtRandom(kills / 2, startVictim)));
    console.info(`${victim.name}\n${halves.flat().join("\n")}`);
  });
});
