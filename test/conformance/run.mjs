#!/usr/bin/env node
// Replays recorded cases of GET /sources/oauth/ against a running server and reports every difference.
//
//   node run.mjs --base http://127.0.0.1:8787/api/v3 --token TOKEN --public-url http://authentik.example \
//     --cases cases/company.json [--denied-token TOKEN] [--group search,page] [--id search-012]
//     [--concurrency 8] [--verbose]
//
// Exit code: 0 all passed, 1 some failed, 2 the run could not start (usage, server down, wrong data loaded).

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";
import { checkLoadedData, readSuite, runCase, shorten, skipReason } from "./compare.mjs";

const TIMEOUT_MS = 30_000;
const MAX_LINES = 4; // differences shown per case, without --verbose
const MAX_TEXT = 400; // characters shown of each, without --verbose

const options = readOptions();
const base = new URL(options.base);
const transport = base.protocol === "https:" ? https : http;
const agent = new transport.Agent({ keepAlive: true, maxSockets: options.concurrency });
const suite = openSuite();

await main();

async function main() {
  const problem = await checkLoadedData(suite).catch((error) => `cannot reach ${base.href}: ${error.message}`);
  if (problem) stop(problem);
  const selected = suite.cases.filter(
    (c) => (!options.groups || options.groups.has(c.group)) && (!options.ids || options.ids.has(c.id)),
  );
  if (selected.length === 0) stop("no case matches --group / --id");

  const skipped = selected.filter((c) => skipReason(suite, c));
  const todo = selected.filter((c) => !skipReason(suite, c));
  const results = await inParallel(todo, options.concurrency, async (c) => ({ c, problems: await runCase(suite, c) }));

  const failures = results.filter((r) => r.problems.length > 0);
  for (const { c, problems } of failures) printFailure(c, problems);
  if (failures.length > 0) printGroups(results);
  for (const reason of new Set(skipped.map((c) => skipReason(suite, c)))) {
    console.log(`skipped ${skipped.filter((c) => skipReason(suite, c) === reason).length}: ${reason}`);
  }
  console.log(`${results.length - failures.length} passed, ${failures.length} failed`);
  agent.destroy();
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function openSuite() {
  const { publicUrl, token, deniedToken } = options;
  try {
    return readSuite(JSON.parse(readFileSync(options.cases, "utf8")), {
      basePath: base.pathname,
      publicUrl,
      tokens: { token, deniedToken },
      exchange: sendTwiceIfReset,
    });
  } catch (error) {
    stop(error.message);
  }
}

// ---------------------------------------------------------------- requests

async function sendTwiceIfReset(request) {
  try {
    return await exchange(request);
  } catch (error) {
    // A kept-alive connection may be closed by the server at the moment it is used again.
    if (error.code === "ECONNRESET" || error.code === "EPIPE") return exchange(request);
    throw error;
  }
}

function exchange({ method, path, headers }) {
  return new Promise((resolve, reject) => {
    const request = transport.request(
      { agent, hostname: base.hostname.replace(/^\[|\]$/g, ""), port: base.port || undefined, method, path, headers },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text,
            url: new URL(path, base.origin).href,
          });
        });
      },
    );
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on("error", reject);
    request.end();
  });
}

// ---------------------------------------------------------------- output and plumbing

function printFailure(c, problems) {
  const limit = options.verbose ? Number.POSITIVE_INFINITY : MAX_TEXT;
  const lines = options.verbose ? problems.length : MAX_LINES;
  const path = c.root ?? `${suite.basePath}${c.path ?? suite.defaultPath}`;
  console.log(`FAIL ${c.id} ${c.method ?? "GET"} ${shorten(path + (c.query ? `?${c.query}` : ""), limit)}`);
  if (c.headers) console.log(`     headers ${shorten(JSON.stringify(c.headers), limit)}`);
  if (c.assumes) console.log(`     rests on ${c.assumes.join(", ")} (see README.md)`);
  for (const problem of problems.slice(0, lines)) console.log(`     ${shorten(problem, limit)}`);
  if (problems.length > lines) console.log(`     and ${problems.length - lines} more`);
}

function printGroups(results) {
  const groups = new Map();
  for (const { c, problems } of results) {
    const entry = groups.get(c.group) ?? { total: 0, failed: 0 };
    entry.total += 1;
    if (problems.length > 0) entry.failed += 1;
    groups.set(c.group, entry);
  }
  const failed = [...groups].filter(([, entry]) => entry.failed > 0);
  console.log(`failed by group: ${failed.map(([name, entry]) => `${name} ${entry.failed}/${entry.total}`).join(", ")}`);
}

async function inParallel(items, width, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        base: { type: "string" },
        token: { type: "string" },
        "denied-token": { type: "string" },
        "public-url": { type: "string" },
        cases: { type: "string" },
        group: { type: "string" },
        id: { type: "string" },
        concurrency: { type: "string", default: "8" },
        verbose: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    stop(error.message);
  }
  for (const name of ["base", "token", "public-url", "cases"]) {
    if (!values[name]) stop(`--${name} is required (see the head of run.mjs)`);
  }
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1) stop("--concurrency must be a positive integer");
  const asSet = (text) => (text ? new Set(text.split(",")) : undefined);
  return {
    base: values.base,
    token: values.token,
    deniedToken: values["denied-token"],
    publicUrl: values["public-url"],
    cases: values.cases,
    groups: asSet(values.group),
    ids: asSet(values.id),
    concurrency,
    verbose: values.verbose,
  };
}

function stop(message) {
  console.error(`run.mjs: ${message}`);
  process.exit(2);
}
