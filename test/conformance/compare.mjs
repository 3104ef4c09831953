// Compares responses with the recorded cases of GET /sources/oauth/, wherever they come from: run.mjs asks a server.

const MAX_TEXT = 2000; // characters shown per value
const PAGINATION_KEYS = ["next", "previous", "count", "current", "total_pages", "start_index", "end_index"];

/**
 * @typedef {{ id: string, group: string, method?: string, query: string, path?: string, root?: string,
 *   headers?: Record<string, string>, assumes?: string[] }} Case what README.md says of a case
 * @typedef {{ method: string, path: string, headers: Record<string, string> }} CaseRequest
 * @typedef {{ status: number, headers: Record<string, string | undefined>, text: string, url: string }} CaseResponse
 *   with the names of headers in lower case
 * @typedef {object} Server what is compared
 * @property {string} basePath where the API lives on its host
 * @property {string} publicUrl with which callback URLs must begin
 * @property {{ token: string, deniedToken?: string | undefined }} tokens
 * @property {(request: CaseRequest) => Promise<CaseResponse>} exchange sends a request as it is and follows no redirect
 * @typedef {ReturnType<typeof readSuite>} Suite
 */

/**
 * A file of cases, for one server.
 * @param {{ fixture: string, public_url: string, default_path: string, rows: object, envelope?: object, cases: Case[] }} file
 * @param {Server} server
 */
export function readSuite(file, { basePath, publicUrl, tokens, exchange }) {
  return {
    fixture: file.fixture,
    cases: file.cases,
    defaultPath: file.default_path,
    rows: rebaseRows(file.rows, file.public_url, publicUrl),
    envelope: file.envelope ?? {}, // what stands beside pagination and results
    basePath: basePath.replace(/\/+$/, ""),
    tokens,
    exchange,
  };
}

function rebaseRows(rows, from, to) {
  const target = to.replace(/\/+$/, "");
  return Object.fromEntries(
    Object.entries(rows).map(([slug, row]) => {
      if (!row.callback_url.startsWith(`${from}/`))
        throw new Error(`row ${slug}: callback_url does not start with ${from}/`);
      return [slug, { ...row, callback_url: target + row.callback_url.slice(from.length) }];
    }),
  );
}

/**
 * Why the server cannot be compared with the cases: it holds other sources. Empty where it can.
 * @param {Suite} suite
 */
export async function checkLoadedData(suite) {
  const response = await send(suite, { query: "page_size=1000" });
  if (response.status !== 200)
    return `the full list answered ${response.status} ${show(response.text)}; is --token right?`;
  let slugs;
  try {
    slugs = JSON.parse(response.text)
      .results.map((row) => row.slug)
      .sort();
  } catch {
    return `the full list is not the expected JSON: ${show(response.text)}`;
  }
  const wanted = Object.keys(suite.rows).sort();
  if (JSON.stringify(slugs) === JSON.stringify(wanted)) return "";
  return `the server holds other sources (${slugs.length}, wanted ${wanted.length}): load fixtures/${suite.fixture}.json first`;
}

/**
 * Why a case cannot be sent; empty where it can.
 * @param {Suite} suite
 * @param {Case} c
 */
export function skipReason({ tokens }, c) {
  const { token, deniedToken } = tokens;
  if (c.needs === "denied" && !deniedToken)
    return "give --denied-token (a valid token without the right to view sources)";
  const authorization = c.headers?.Authorization ?? "";
  if (authorization.includes("{token:swap}") && swapCase(token) === token) return "the token has no letters";
  return "";
}

// ---------------------------------------------------------------- one case

/**
 * Sends a case and compares the response with what was recorded.
 * @param {Suite} suite
 * @param {Case} c
 * @returns {Promise<string[]>} the differences
 */
export async function runCase(suite, c) {
  try {
    return c.walk ? await checkWalk(suite, c) : checkResponse(suite, c, await send(suite, c));
  } catch (error) {
    return [`no usable response: ${error.message}`];
  }
}

function checkResponse(suite, c, response) {
  const problems = [];
  if (!statusMatches(c.status, response.status)) {
    problems.push(`status: expected ${show(c.status)}, got ${response.status} ${show(response.text)}`);
    return problems;
  }
  if (response.status >= 400) checkCacheControl(response, problems);
  if (c.allow) checkAllow(c, response, problems);
  if (c.redirect) {
    checkRedirect(suite, c, response, problems);
  } else if (c.method === "HEAD") {
    checkJsonType(response, problems);
    if (response.text !== "") problems.push(`HEAD: expected no body, got ${show(response.text)}`);
  } else if (c.body) {
    checkErrorBody(c, response, problems);
  } else if (c.slugs) {
    checkList(suite, c, response, problems);
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

function checkRedirect(suite, c, response, problems) {
  const location = response.headers.location;
  if (!location) {
    problems.push("Location: missing");
    return;
  }
  const target = new URL(location, response.url);
  const wantedPath = (c.root ? "" : suite.basePath) + c.redirect;
  const pairs = (query) => JSON.stringify([...new URLSearchParams(query)]);
  if (target.pathname !== wantedPath || pairs(target.search) !== pairs(c.query)) {
    problems.push(`Location: expected ${show(wantedPath + (c.query ? `?${c.query}` : ""))}, got ${show(location)}`);
  }
  if (target.host !== new URL(response.url).host) problems.push(`Location: leaves the server: ${show(location)}`);
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

function checkList(suite, c, response, problems) {
  const body = parseJson(response, problems);
  if (body === undefined) return;
  checkEnvelope(suite, body, problems);
  if (problems.length > 0) return;
  diff("pagination", c.pagination, body.pagination, problems);
  checkOrder(c.slugs, body.results, problems);
  checkRows(suite, body.results, problems);
}

/** The shape of a page, and that its numbers agree with each other. */
function checkEnvelope({ envelope }, body, problems) {
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

function checkRows(suite, results, problems) {
  for (const row of results) {
    const expected = suite.rows[row.slug];
    if (!expected) continue; // already reported by checkOrder
    sameKeys(`row ${row.slug}`, Object.keys(expected), row, problems);
    diff(`row ${row.slug}`, expected, row, problems);
    if (row.type && typeof row.type === "object")
      sameKeys(`row ${row.slug}.type`, Object.keys(expected.type), row.type, problems);
  }
}

/** Follows `next` from the first page on: the pages together must be the whole list, each row once, in order. */
async function checkWalk(suite, c) {
  const problems = [];
  const rows = [];
  let page = 1;
  while (page !== 0) {
    const query = page === 1 ? c.query : [c.query, `page=${page}`].filter(Boolean).join("&");
    const response = await send(suite, { ...c, query });
    if (response.status !== 200) return [`page ${page}: status ${response.status} ${show(response.text)}`];
    const body = parseJson(response, problems);
    if (problems.length > 0) return problems;
    checkEnvelope(suite, body, problems);
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
  checkRows(suite, rows, problems);
  return problems;
}

// ---------------------------------------------------------------- requests

/** Sends the case's path and query exactly as recorded. */
function send({ basePath, defaultPath, tokens, exchange }, c) {
  const path = c.root ?? basePath + (c.path ?? defaultPath);
  const query = substitute(c.query, tokens);
  const headers = { accept: "application/json" };
  const given = c.headers ?? { Authorization: "Bearer {token}" };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = substitute(value, tokens);
  return exchange({ method: c.method ?? "GET", path: path + (query ? `?${query}` : ""), headers });
}

function substitute(text, { token, deniedToken }) {
  return text
    .replaceAll("{token}", () => token)
    .replaceAll("{token:swap}", () => swapCase(token))
    .replaceAll("{token:chop}", () => token.slice(0, -1))
    .replaceAll("{denied}", () => deniedToken ?? "");
}

function swapCase(text) {
  return [...text].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join("");
}

// ---------------------------------------------------------------- values

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

/** A value as text, cut where it is long. */
function show(value) {
  return shorten(JSON.stringify(value) ?? String(value), MAX_TEXT);
}

/**
 * @param {string} text
 * @param {number} limit characters shown
 */
export function shorten(text, limit) {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}
