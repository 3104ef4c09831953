import { parseArgs } from "node:util";
import { changedFields, countChanges, type Difference, refuseLosses } from "../src/sync/difference.ts";
import { readIconStatus } from "../src/sync/icons/status.ts";
import { compareWithUpstream, type SyncOptions, syncSources } from "../src/sync/run.ts";
import { listRuns, type SyncRun } from "../src/sync/runs.ts";
import { describeWarnings } from "../src/sync/warning.ts";
import { type Io, type Tool, UsageError } from "./command.ts";
import { showProgress } from "./progress.ts";
import { publicFetch } from "./public-fetch.ts";
import { holdsSample } from "./sample.ts";
import { toolSettings } from "./settings.ts";
import { flag } from "./usage.ts";
import { type StoreFlags, storeOptions, withStore } from "./with-store.ts";

const about = `Makes the sources in the store at LIBSQL_URL equal to those of a live authentik. All or nothing: unless the whole list was
read and is good, the store stays as it was. An odd value stops nothing: it is a warning.`;

const variables = {
  AUTHENTIK_TOKEN: "an API token of authentik whose user may view OAuth sources",
  AUTHENTIK_SYNC_URL: "where authentik is (default: AUTHENTIK_URL)",
};
const options = {
  "dry-run": flag("writes nothing, and shows every change, field by field"),
  "allow-removals": flag(`takes the list even where it is empty, or has lost more than half of ten sources or more
(or SYNC_ALLOW_REMOVALS=true)`),
  "allow-http": flag("sends the token in the clear to an http:// address of another machine"),
  status: flag(`shows the last runs, those of the Worker too, the warnings of the last good one, and which icons
could not be had`),
  ...storeOptions,
};

const shownRuns = 10;
const longestShown = 200;

function printDifference({ print, say }: Io, difference: Difference, { allowRemovals }: SyncOptions): void {
  const { added, changed, removed, beside, types } = difference;
  for (const { document } of added) print(`+ ${titleOf(document)}`);
  for (const document of removed.values()) print(`- ${titleOf(document)}`);
  for (const { before, after } of changed) {
    for (const { field, from, to } of changedFields(before, after.document)) {
      print(`~ ${after.slug}: ${field}: ${shown(from)} → ${shown(to)}`);
    }
  }
  if (beside !== undefined) print(`~ beside the results: ${shown(JSON.parse(beside))}`);
  if (types !== undefined) print(`~ source types: ${types.length}`);
  print(changesOf(countChanges(difference)));
  say("A dry run: nothing was written.");
  if (!allowRemovals) refuseLosses(difference);
}

function titleOf(document: string): string {
  const { slug, name } = JSON.parse(document);
  return `${slug}: ${shown(name)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

type Changes = Pick<SyncRun, "added" | "changed" | "removed" | "unchanged" | "renewed">;

const changesOf = ({ added, changed, removed, unchanged, renewed }: Changes) =>
  `added ${added}, changed ${changed}, removed ${removed}, unchanged ${unchanged}${renewed === 0 ? "" : `, ${renewed} ${renewed === 1 ? "address" : "addresses"} renewed`}`;

async function printStatus(io: Io, flags: StoreFlags) {
  const { runs, lastGood, icons } = await withStore(io, flags, async (db) => ({
    ...(await listRuns(db, shownRuns)),
    icons: await readIconStatus(db),
  }));
  for (const run of runs) io.print(lineOf(run));
  if (!lastGood) {
    io.print(runs.length === 0 ? "There has been no run yet." : "No run has been good yet.");
    return;
  }
  const age = Math.round((Date.now() - lastGood.startedAt) / 1000);
  const at = new Date(lastGood.startedAt).toISOString();
  io.print(
    age < 0
      ? `The last good run is dated in the future, at ${at}: a clock is wrong.`
      : `The last good run was ${age} s ago, at ${at}.`,
  );
  for (const line of warningsOf(lastGood)) io.print(line);
  const { stored, failed } = icons;
  if (stored + failed.length === 0) return;
  io.print(`Icons: ${stored} in the store, ${failed.length} could not be had when they were last asked for.`);
  for (const { slug, theme, problem } of failed) io.print(`icon: ${slug}${theme && ` (${theme})`}: ${problem}`);
}

const warningsOf = ({ warnings: count, firstWarnings: first }: Pick<SyncRun, "warnings" | "firstWarnings">) =>
  describeWarnings({ count, first });

function lineOf(run: SyncRun): string {
  const warnings = run.warnings === 0 ? [] : [`warnings ${run.warnings}`];
  const what = run.added === null ? (run.error ?? "") : [changesOf(run), ...warnings].join(", ");
  return [
    new Date(run.startedAt).toISOString(),
    run.trigger,
    run.outcome,
    `${run.durationMs} ms`,
    run.upstream,
    what,
  ].join("  ");
}

async function main(args: string[], io: Io) {
  const { values } = parseArgs({ args, options });
  if (values.status) return printStatus(io, values);

  const { sync, freshness, oidc, authentikUrl } = toolSettings(io.env);
  const { upstream, token } = sync;
  if (sync.problem) throw new UsageError(sync.problem);
  if (!upstream) throw new UsageError("AUTHENTIK_SYNC_URL is not set, nor is AUTHENTIK_URL: where is authentik?");
  if (!token) throw new UsageError("AUTHENTIK_TOKEN is not set: an API token of authentik, in the environment");
  const syncOptions: SyncOptions = {
    upstream,
    token,
    issuers: oidc.issuers.map(({ issuer }) => issuer),
    allowRemovals: values["allow-removals"] || sync.allowRemovals,
    allowHttp: values["allow-http"],
    icons: true,
    iconFetch: publicFetch([upstream, authentikUrl]),
    ...(io.wait && { wait: io.wait }),
    onPage: showProgress(io.stderr, "pages read"),
  };
  if (values["dry-run"]) {
    const { difference, isSample, ...warnings } = await withStore(io, values, async (db) => ({
      isSample: await holdsSample(db),
      ...(await compareWithUpstream(db, syncOptions)),
    }));
    for (const line of warningsOf(warnings)) io.say(line);
    return printDifference(io, difference, { ...syncOptions, allowRemovals: syncOptions.allowRemovals || isSample });
  }

  const run = await withStore(io, values, async (db) =>
    syncSources(db, { ...syncOptions, allowRemovals: syncOptions.allowRemovals || (await holdsSample(db)) }),
  );
  for (const line of warningsOf(run)) io.say(line);
  if (run.outcome === "failed" || run.outcome === "superseded") throw new Error(run.error ?? run.outcome);
  io.print(changesOf(run));
  if (run.error) throw new Error(run.error);
  if (run.outcome === "unchanged") return;
  const bound = freshness.fresh + freshness.staleWhileRevalidate;
  io.say(
    `Readers may see the old list for another ${bound} s (CACHE_FRESH_SECONDS + CACHE_STALE_SECONDS), for 5 s under npm run dev.`,
  );
}

export const tool: Tool = { name: "sync", forms: ["[OPTIONS]", "--status [OPTIONS]"], about, variables, options, main };
