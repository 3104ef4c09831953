import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { syncSources } from "../../src/sync/run.ts";
import { openStore } from "../../tools/store.ts";
import { runTool, start } from "../support/run.ts";
import { sqldPath, startSqld } from "../support/sqld.ts";
import { createSqldStore } from "../support/sqld-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "../support/upstream.ts";

/** One page, so that it is walked once: the walk is no matter of the store. */
const count = 1_000;
const versions: Record<string, string> = {
  Old: JSON.stringify(pageOf(generateSources(count, "Old"))),
  New: JSON.stringify(pageOf(generateSources(count, "New"))),
};
const other = (names: string) => (names === "Old" ? "New" : "Old");

const atEnd: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of atEnd.splice(0)) await end();
});

/** A server with a list of its own, and an authentik whose list is always the other version. */
async function startPair() {
  const sqld = await startSqld();
  const store = await createSqldStore(sqld, generateSources(count, "Old"));
  const upstream = await startUpstream();
  atEnd.push(sqld.close, upstream.close);
  return {
    sqld,
    look: store.look,
    variables: { ...store.variables, AUTHENTIK_SYNC_URL: upstream.origin, AUTHENTIK_TOKEN: "t" },
    /** @returns when the list has been sent: from then on, the store is read and written */
    serve: (version: string) =>
      new Promise<void>((resolve) => {
        upstream.behaviour = (response) => {
          sendJson(response, versions[version] ?? "");
          resolve();
        };
      }),
  };
}

type Pair = Awaited<ReturnType<typeof startPair>>;

interface Run {
  ended: Promise<unknown>;
  kill: () => unknown;
}

/** Runs the command, which is what is killed. */
function runCommand({ variables }: Pair): Run {
  const child = start(process.execPath, ["tools/sync.ts"], variables);
  return { ended: new Promise((resolve) => child.once("exit", resolve)), kill: () => child.kill("SIGKILL") };
}

/** Runs a sync here, and kills the server under it. */
function runOverServer({ sqld, variables }: Pair): Run {
  const db = openStore(sqld.url, undefined);
  const options = { upstream: variables.AUTHENTIK_SYNC_URL, token: "t" };
  return { ended: syncSources(db, options), kill: () => sqld.kill().then(sqld.start) };
}

/** Kills at random moments: then all sources are of one version, and the revision says which. */
async function killAtRandom(kills: number, run: (pair: Pair) => Run): Promise<string[]> {
  const pair = await startPair();
  const sent = pair.serve("New");
  const { ended } = run(pair);
  await sent;
  const begun = performance.now();
  await ended;
  const writeMs = performance.now() - begun;

  const moments: string[] = [];
  let before = await pair.look();
  expect(before).toMatchObject({ names: "New", count, counted: count });
  for (let i = 0; i < kills; i++) {
    const sent = pair.serve(other(before.names));
    const { ended, kill } = run(pair);
    await sent;
    const delay = Math.random() * writeMs;
    await sleep(delay);
    await kill();
    await ended;
    const after = await pair.look();
    const isWritten = after.names !== before.names;
    const moment = `${run.name} +${Math.round(delay)} of ${Math.round(writeMs)} ms: ${after.names}`;
    const written = { names: other(before.names), revision: before.revision + 1 };
    expect(after, moment).toEqual({ ...before, ...(isWritten && written) });
    moments.push(`${moment}${isWritten ? " (written)" : ""}`);
    before = after;
  }
  void pair.serve(other(before.names));
  expect((await runTool("sync", [], pair.variables)).stdout).toBe(
    `added 0, changed ${count}, removed 0, unchanged 0\n`,
  );
  return moments;
}

describe.skipIf(!sqldPath)(`${count} sources on sqld`, () => {
  it("are the old list or the new one after twenty kills of the command, and ten of the server", async () => {
    const kills = [killAtRandom(10, runCommand), killAtRandom(10, runCommand), killAtRandom(10, runOverServer)];
    console.info((await Promise.all(kills)).flat().join("\n"));
  });
});
