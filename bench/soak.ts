import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Cache } from "../src/cache/cache.ts";
import { memoryCache, memoryStorage } from "../src/cache/memory.ts";
import type { StoredResponse } from "../src/cache/stored-response.ts";
import { swrCache } from "../src/cache/swr.ts";
import { readList, replaceSources, storeToken } from "../src/index.ts";
import { playHistories } from "../test/model/in-node.ts";
import { failures, keepFailure } from "../test/model/keep-failure.ts";
import { runTool, UsageError } from "../tools/command.ts";
import { showProgress } from "../tools/progress.ts";
import { migrateStore, openStore } from "../tools/store.ts";
import { flag, option } from "../tools/usage.ts";
import { atEnd, start } from "./process.ts";
import { compareAnswers, type Requests } from "./soak/compare.ts";
import { badJwts, badTokensOnly, differentUrls, type Flood, filling, isFlat, measureFlood } from "./soak/flood.ts";
import { createHost, goodJwt, now } from "./soak/host.ts";
import { hostileRequests } from "./soak/hostile-requests.ts";
import { soakModel } from "./soak/model.ts";

/** A line of progress each few seconds. */
const historiesOfASeed = 200;

const about = `Sends very many requests to the endpoint, in this process, over a local libSQL server with awkward sources in it:
first so many bad tokens, bad JWTs and different URLs, after which the memory must be what it was when all maps were full;
then random and hostile queries, each without a cache, with one, again, and below /api/v3: no 5xx, and four equal answers.
Takes some twenty minutes. Exit code 1, with the offending query, where something is wrong.
`;

const numeric = (words: string, fallback: number) => ({ ...option("N", words), default: String(fallback) });

const options = {
  seed: numeric("another seed gives other queries; the same one gives the same", 1),
  queries: numeric("how many queries", 100_000),
  from: numeric("the number of the first one: repeats one that was wrong, with --queries 1 --flood 0", 0),
  flood: numeric(`how many of each flood: 0, or at least ${2 * filling}`, 200_000),
  model:
    flag(`plays random histories against the promises of docs/promises.md instead, ${historiesOfASeed} a seed, one seed after
another; the first that breaks one is shrunk and kept in ${failures}/`),
  minutes: numeric("for how long", 60),
  path: option("P", "with --seed: plays the one history that a failure names"),
};

const fixture = fileURLToPath(new URL("../test/conformance/fixtures/adversarial.json", import.meta.url).href);
const token = "soak";

function readOptions(args: string[]) {
  const { values } = parseArgs({ args, options });
  const read = (name: "seed" | "queries" | "from" | "flood" | "minutes") => {
    if (/^[0-9]{1,9}$/.test(values[name])) return Number(values[name]);
    throw new UsageError(`--${name} must be a whole number of at most nine digits`);
  };
  const [seed, queries, from] = [read("seed"), read("queries"), read("from")];
  const [flood, minutes] = [read("flood"), read("minutes")];
  if (flood > 0 && flood < 2 * filling) throw new UsageError(`--flood must be 0 or at least ${2 * filling}`);
  return { seed, queries, from, flood, minutes, isModel: values.model, path: values.path };
}

/** Starts a store in a process of its own, with the given sources and the token. */
async function startStore(list: unknown) {
  const folder = mkdtempSync(join(tmpdir(), "authentik-sources-edge-soak-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "store.db");
  const db = openStore(`file:${file}`, undefined);
  await migrateStore(db);
  await replaceSources(db, readList(list), { now: now() });
  await storeToken(db, token, { name: "soak", scope: "sources:read", createdAt: 0, expiresAt: null });
  db.$client.close();
  return start("./soak/store.ts", file);
}

/** What a host might allow itself; the Cache API, which the Worker has here, is not in Node. */
const createStorage = () =>
  memoryStorage<StoredResponse>({ entries: 1_000, size: 8 * 1024 * 1024 }, ({ body }) => body.length);

const number = (value: number) => value.toLocaleString("en");

/** @returns what is wrong */
async function soakMemory(storeUrl: string, kind: Flood, count: number): Promise<string[]> {
  const send = createHost(storeUrl, memoryCache(swrCache({ storage: createStorage(), now }), { now }));
  const growth = await measureFlood(kind, send, count, showProgress(process.stderr, kind.what));
  const heap = growth.heap.map((mebibytes) => mebibytes.toFixed(1)).join(" ");
  console.log(`${number(count)} ${kind.what}: heap in MiB from request ${number(filling)} on: ${heap}`);
  if (growth.fault) return [growth.fault];
  return isFlat(growth, count) ? [] : [`the heap grows with the number of ${kind.what}: ${heap}`];
}

/** @returns what is wrong */
async function soakQueries(storeUrl: string, requests: Requests): Promise<string[]> {
  const local = swrCache({ storage: createStorage(), now });
  const ask = (cache: Cache<StoredResponse> | false) => {
    const send = createHost(storeUrl, cache);
    return (path: string) => send(path, token);
  };
  const ways = { uncached: ask(false), cached: ask(memoryCache(local, { now })), stored: ask(local) };
  const { statuses, faults } = await compareAnswers(ways, requests);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${number(count)} × ${status}`);
  console.log(`${number(requests.count)} queries, from number ${requests.from}: ${counts.join(", ")}`);
  return faults;
}

/** @throws Error with the promise that is broken, and where its history is kept */
async function playModel({
  seed,
  minutes,
  path,
}: Pick<ReturnType<typeof readOptions>, "seed" | "minutes" | "path">): Promise<void> {
  const start = Date.now();
  const play = (each: number) => playHistories({ seed: each, histories: historiesOfASeed, path });
  const minutesSince = () => ((Date.now() - start) / 60_000).toFixed(1);
  const { failure, ...done } = await soakModel({
    ...{ seed, minutes: path === undefined ? minutes : 0, play, now: () => Date.now() },
    onProgress: ({ histories, steps, seeds }) =>
      process.stderr.write(
        `${minutesSince()} min: ${number(histories)} histories, ${number(steps)} steps, up to seed ${seed + seeds - 1}\n`,
      ),
  });
  console.log(
    `${number(done.histories)} histories, ${number(done.steps)} steps, ${number(done.seeds)} seeds from ${seed} on, ${minutesSince()} min`,
  );
  if (failure) throw new Error(`${failure.message}\n${failure.table}\nkept in ${keepFailure(failure)}`);
}

async function main(args: string[]) {
  const { isModel, ...numbers } = readOptions(args);
  if (isModel) return playModel(numbers);
  const { seed, queries, from, flood } = numbers;
  const list = JSON.parse(readFileSync(fixture, "utf8"));
  const store = await startStore(list);
  const jwt = await goodJwt();
  const problems: string[] = [];
  try {
    const { status } = await createHost(store.line, false)("/sources/oauth/?", jwt);
    if (status !== 200) problems.push(`the good JWT, of which the bad ones are made, is answered ${status}`);
    // The floods come first: what else the process has done would be seen in its memory.
    const floods = flood === 0 ? [] : [badTokensOnly, badJwts(jwt), differentUrls(token)];
    for (const kind of floods) problems.push(...(await soakMemory(store.line, kind, flood)));
    const requests = { request: hostileRequests(seed, list.results), from, count: queries };
    problems.push(
      ...(await soakQueries(store.line, { ...requests, onProgress: showProgress(process.stderr, "queries") })),
    );
  } finally {
    store.kill();
  }
  if (problems.length > 0) throw new Error(`with --seed ${seed}: ${problems.join("\n")}`);
}

const forms = ["[OPTIONS]", "--model [OPTIONS]"];

process.exitCode = await runTool({ name: "soak", forms, about, options, main }, process.argv.slice(2), process);
