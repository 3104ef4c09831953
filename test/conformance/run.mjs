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

const TIMEOUT_MS = 30_000;
const MAX_LINES = 4; // differences shown per case, without --verbose
const MAX_TEXT = 160; // characters shown per value, without --verbose
const MAX_TEXT_VERBOSE = 2000;
const PAGINATION_KEYS = ["next", "previous", "count", "current", "total_pages", "start_index", "end_index"];

const options = readOptions();
const suite = JSON.parse(readFileSync(options.cases, "utf8"));
const base = new URL(options.base);
const basePath = base.pathname.replace(/\/+$/, "");
const transport = base.protocol === "https:" ? https : http;
const agent = new transport.Agent({ keepAlive: true, maxSockets: options.concurrency });
const expectedRows = rebaseRows(suite.rows, suite.public_url, options.publicUrl);
const envelope = suite.envelope ?? {}; // what stands beside pagination and results

await main();

async function main() {
  await checkLoadedData();
  const selected = suite.cases.filter(
    (c) => (!options.groups || options.groups.has(c.group)) && (!options.ids || options.ids.has(c.id)),
  );
  if (selected.length === 0) stop("no case matches --group / --id");

  const skipped = selected.filter((c) => skipReason(c));
  const todo = selected.filter((c) => !skipReason(c));
  const results = await inParallel(todo, options.concurrency, async (c) => ({ c, problems: await runCase(c) }));

  const failures = results.filter((r) => r.problems.length > 0);
  for (const { c, problems } of failures) printFailure(c, problems);
  if (failures.length > 0) printGroups(results);
  for (const reason of new Set(skipped.map(skipReason))) {
    console.log(`skipped ${skipped.filter((c) => skipReason(c) === reason).length}: ${reason}`);
  }
  console.log(`${results.length - failures.length} passed, ${failures.length} failed`);
  agent.destroy();
  process.exitCode = failures.length > 0 ? 1 : 0;
}

// ---------------------------------------------------------------- one case

async function runCase(c) {
  try {
    return c.walk ? await checkWalk(c) : checkResponse(c, await send(c));
  } catch (error) {
    return [`no usable response: ${error.message}`];
  }
}

function checkResponse(c, response) {
  const problems = [];
  if (!statusMatches(c.status, response.status)) {
    problems.push(`status: expected ${show(c.status)}, got ${response.status} ${show(response.text)}`);
    return problems;
  }
  if (response.status >= 400) checkCacheControl(response, problems);
  if (c.allow) checkAllow(c, response, problems);
  if (c.redirect) {
    checkRedirect(c, response, problems);
  } else if (c.method === "HEAD") {
    checkJsonType(response, problems);
    if (response.text !== "") problems.push(`HEAD: expected no body, got ${show(response.text)}`);
  } else if (c.body) {
    checkErrorBody(c, response, problems);
  } else if (c.slugs) {
    checkList(c, response, problems);
  }
  return problems;
}

function statusMatches(expected, actual) {
  if (Array.isArray(expected)) return expected.includes(actual);
  if (expected === "below 500") return actual < 500;
  return expected === actual;
}

function checkCacheControl(response, problems) {
  const value = response.headers["cache-control"] ?? "";
  const directives = value
    .toLowerCase()
    .split(",")
    .map((part) => part.trim());
  if (!directives.includes("no-store"))
    problems.push(`Cache-Control: expected no-store on an error, got ${show(value)}`);
}

function checkAllow(c, response, problems) {
  const asSet = (text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean)
      .sort()
      .join(", ");
  const actual = response.headers.allow ?? "";
  if (asSet(actual) !== asSet(c.allow)) problems.push(`Allow: expected ${show(c.allow)}, got ${show(actual)}`);
}

function checkRedirect(c, response, problems) {
  const location = response.headers.location;
  if (!location) {
    problems.push("Location: missing");
    return;
  }
  const target = new URL(location, response.url);
  const wantedPath = (c.root ? "" : basePath) + c.redirect;
  const pairs = (query) => JSON.stringify([...new URLSearchParams(query)]);
  if (target.pathname !== wantedPath || pairs(target.search) !== pairs(c.query)) {
    problems.push(`Location: expected ${show(wantedPath + (c.query ? `?${c.query}` : ""))}, got ${show(location)}`);
  }
  if (target.host !== base.host) problems.push(`Location: leaves the server: ${show(location)}`);
}

function checkJsonType(response, problems) {
  const type = response.headers["content-type"] ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    problems.push(`Content-Type: expected application/json, got ${show(type)}`);
}

function parseJson(response, problems) {
  checkJsonType(response, problems);
  try {
    return JSON.parse(response.text);
  } catch {
    problems.push(`body: not JSON: ${show(response.text)}`);
    return undefined;
  }
}

/** Keys may come in any order, but there may be no other keys and every message must be equal. */
function checkErrorBody(c, response, problems) {
  const body = parseJson(response, problems);
  if (body !== undefined) diff("body", c.body, body, problems);
}

function checkList(c, response, problems) {
  const body = parseJson(response, problems);
  if (body === undefined) return;
  checkEnvelope(body, problems);
  if (problems.length > 0) return;
  diff("pagination", c.pagination, body.pagination, problems);
  checkOrder(c.slugs, body.results, problems);
  checkRows(body.results, problems);
}

/** The shape of a page, and that its numbers agree with each other. */
function checkEnvelope(body, problems) {
  sameKeys("body", ["pagination", "results", ...Object.keys(envelope)], body, problems);
  if (problems.length > 0) return;
  for (const key of Object.keys(envelope)) diff(key, envelope[key], body[key], problems);
  const p = body.pagination;
  sameKeys("pagination", PAGINATION_KEYS, p, problems);
  if (!Array.isArray(body.results)) problems.push(`results: expected a list, got ${show(body.results)}`);
  if (problems.length > 0) return;
  const shown = body.results.length;
  const claimed = p.count === 0 ? 0 : p.end_index - p.start_index + 1;
  if (claimed !== shown)
    problems.push(`pagination: start_index ${p.start_index} and end_index ${p.end_index}, but ${shown} results`);
  if (p.next !== (p.current < p.total_pages ? p.current + 1 : 0))
    problems.push(`pagination: next ${p.next} on page ${p.current} of ${p.total_pages}`);
  if (p.previous !== (p.current > 1 ? p.current - 1 : 0))
    problems.push(`pagination: previous ${p.previous} on page ${p.current}`);
  if (p.next === 0 && p.end_index !== p.count)
    problems.push(`pagination: the last page ends at ${p.end_index} of ${p.count}`);
  if (new Set(body.results.map((row) => row?.slug)).size !== shown)
    problems.push("results: a row occurs twice on one page");
}

function checkOrder(expected, results, problems) {
  const actual = results.map((row) => row.slug);
  if (expected.length === actual.length && expected.every((slug, i) => slug === actual[i])) return;
  const missing = expected.filter((slug) => !actual.includes(slug));
  const extra = actual.filter((slug) => !expected.includes(slug));
  if (missing.length + extra.length > 0) {
    problems.push(
      `results: ${actual.length} rows for ${expected.length}; missing ${show(missing)}, not expected ${show(extra)}`,
    );
  } else {
    const at = expected.findIndex((slug, i) => slug !== actual[i]);
    problems.push(
      `results: order differs from index ${at}: expected ${show(expected.slice(at))}, got ${show(actual.slice(at))}`,
    );
  }
}

function checkRows(results, problems) {
  for (const row of results) {
    const expected = expectedRows[row.slug];
    if (!expected) continue; // already reported by checkOrder
    sameKeys(`row ${row.slug}`, Object.keys(expected), row, problems);
    diff(`row ${row.slug}`, expected, row, problems);
    if (row.type && typeof row.type === "object")
      sameKeys(`row ${row.slug}.type`, Object.keys(expected.type), row.type, problems);
  }
}

/** Follows `next` from the first page on: the pages together must be the whole list, each row once, in order. */
async function checkWalk(c) {
  const problems = [];
  const rows = [];
  let page = 1;
  while (page !== 0) {
    const query = page === 1 ? c.query : [c.query, `page=${page}`].filter(Boolean).join("&");
    const response = await send({ ...c, query });
    if (response.status !== 200) return [`page ${page}: status ${response.status} ${show(response.text)}`];
    const body = parseJson(response, problems);
    if (problems.length > 0) return problems;
    checkEnvelope(body, problems);
    if (page === 1) diff("pagination", c.pagination, body.pagination, problems);
    if (body.pagination?.current !== page) problems.push(`page ${page}: current is ${show(body.pagination?.current)}`);
    if (problems.length > 0) return problems;
    if (body.pagination.start_index !== (body.results.length > 0 ? rows.length + 1 : 0)) {
      problems.push(`page ${page}: start_index ${body.pagination.start_index} after ${rows.length} rows`);
    }
    rows.push(...body.results);
    page = body.pagination.next;
    if (rows.length > c.slugs.length) break;
  }
  checkOrder(c.slugs, rows, problems);
  checkRows(rows, problems);
  return problems;
}

// ---------------------------------------------------------------- requests

/** Sends the case's path and query exactly as recorded; never follows a redirect. */
async function send(c) {
  const path = c.root ?? basePath + (c.path ?? suite.default_path);
  const query = substitute(c.query);
  const headers = { accept: "application/json" };
  const given = c.headers ?? { Authorization: "Bearer {token}" };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = substitute(value);
  const request = { method: c.method ?? "GET", path: path + (query ? `?${query}` : ""), headers };
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

function substitute(text) {
  const { token, deniedToken } = options;
  return text
    .replaceAll("{token}", () => token)
    .replaceAll("{token:swap}", () => swapCase(token))
    .replaceAll("{token:chop}", () => token.slice(0, -1))
    .replaceAll("{denied}", () => deniedToken ?? "");
}

function swapCase(text) {
  return [...text].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join("");
}

function skipReason(c) {
  if (c.needs === "denied" && !options.deniedToken)
    return "give --denied-token (a valid token without the right to view sources)";
  const authorization = c.headers?.Authorization ?? "";
  if (authorization.includes("{token:swap}") && swapCase(options.token) === options.token)
    return "the token has no letters";
  return "";
}

async function checkLoadedData() {
  let response;
  try {
    response = await send({ query: "page_size=1000" });
  } catch (error) {
    stop(`cannot reach ${base.href}: ${error.message}`);
  }
  if (response.status !== 200)
    stop(`the full list answered ${response.status} ${show(response.text)}; is --token right?`);
  let slugs;
  try {
    slugs = JSON.parse(response.text)
      .results.map((row) => row.slug)
      .sort();
  } catch {
    stop(`the full list is not the expected JSON: ${show(response.text)}`);
  }
  const wanted = Object.keys(suite.rows).sort();
  if (JSON.stringify(slugs) !== JSON.stringify(wanted)) {
    stop(
      `the server holds other sources (${slugs.length}, wanted ${wanted.length}): load fixtures/${suite.fixture}.json first`,
    );
  }
}

// ---------------------------------------------------------------- comparing

function sameKeys(where, expected, actual, problems) {
  if (actual === null || typeof actual !== "object" || Array.isArray(actual)) {
    problems.push(`${where}: expected an object, got ${show(actual)}`);
    return;
  }
  const keys = Object.keys(actual);
  const missing = expected.filter((key) => !keys.includes(key));
  const extra = keys.filter((key) => !expected.includes(key));
  if (missing.length + extra.length > 0)
    problems.push(`${where}: keys missing ${show(missing)}, not expected ${show(extra)}`);
  else if (expected.some((key, i) => key !== keys[i]))
    problems.push(`${where}: key order: expected ${show(expected)}, got ${show(keys)}`);
}

/** Deep comparison; the order of an object's keys does not matter here. */
function diff(where, expected, actual, problems) {
  if (Object.is(expected, actual)) return;
  const bothObjects =
    expected !== null && actual !== null && typeof expected === "object" && typeof actual === "object";
  if (!bothObjects || Array.isArray(expected) !== Array.isArray(actual)) {
    problems.push(`${where}: expected ${show(expected)}, got ${show(actual)}`);
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (!Object.hasOwn(actual, key)) problems.push(`${where}.${key}: missing, expected ${show(expected[key])}`);
    else if (!Object.hasOwn(expected, key)) problems.push(`${where}.${key}: not expected, got ${show(actual[key])}`);
    else diff(`${where}.${key}`, expected[key], actual[key], problems);
  }
}

function rebaseRows(rows, from, to) {
  const target = to.replace(/\/+$/, "");
  return Object.fromEntries(
    Object.entries(rows).map(([slug, row]) => {
      if (!row.callback_url.startsWith(`${from}/`)) stop(`row ${slug}: callback_url does not start with ${from}/`);
      return [slug, { ...row, callback_url: target + row.callback_url.slice(from.length) }];
    }),
  );
}

// ---------------------------------------------------------------- output and plumbing

function printFailure(c, problems) {
  const path = c.root ?? `${basePath}${c.path ?? suite.default_path}`;
  console.log(`FAIL ${c.id} ${c.method ?? "GET"} ${shorten(path + (c.query ? `?${c.query}` : ""))}`);
  if (c.headers) console.log(`     headers ${show(c.headers)}`);
  if (c.assumes) console.log(`     rests on ${c.assumes.join(", ")} (see README.md)`);
  const limit = options.verbose ? problems.length : MAX_LINES;
  for (const problem of problems.slice(0, limit)) console.log(`     ${problem}`);
  if (problems.length > limit) console.log(`     and ${problems.length - limit} more`);
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

function show(value) {
  return shorten(JSON.stringify(value) ?? String(value));
}

function shorten(text) {
  const limit = options.verbose ? MAX_TEXT_VERBOSE : MAX_TEXT;
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
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
