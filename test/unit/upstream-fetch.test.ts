import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchUpstream, type UpstreamOptions } from "../../src/sync/upstream/fetch.ts";
import { answer, json, smallLimits, token } from "../support/sync-setup.ts";
import { type Behaviour, sendJson, startUpstream } from "../support/upstream.ts";

const path = "/api/v3/sources/oauth/?page=1";

let upstream: Awaited<ReturnType<typeof startUpstream>>;
let waits: number[];
let time: number;

beforeEach(async () => {
  upstream = await startUpstream((response) => sendJson(response, { a: 1 }));
  waits = [];
  time = 1_000_000_000;
});

afterEach(() => upstream.close());

/** Asks the server, unless another is named. Pauses move the clock, and take no time. */
async function fetchJson({
  origin = upstream.origin,
  ...options
}: Partial<UpstreamOptions> & { origin?: string } = {}) {
  const { json } = await fetchUpstream(new URL(path, origin), {
    token,
    limits: smallLimits,
    deadline: time + smallLimits.runMs,
    fetch,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
    random: () => 0.5,
    now: () => time,
    ...options,
  });
  return json;
}

const impatient: Partial<UpstreamOptions> = { limits: { ...smallLimits, attemptMs: 500 } };

/** The server fails so often, and then answers as it should. */
const failing =
  (times: number, failure: Behaviour): Behaviour =>
  (response, asked, request) =>
    asked.number <= times ? failure(response, asked, request) : sendJson(response, { a: 1 });

const breakOff: Behaviour = (response) => {
  response.writeHead(200, { ...json, "Content-Length": 100 });
  response.write('{"a":', () => response.destroy());
};

interface Refusal {
  name: string;
  behaviour: Behaviour;
  error: string | RegExp;
  options?: Partial<UpstreamOptions>;
  /** How often the server is asked. @default once */
  asked?: number;
}

const refusals: Refusal[] = [
  { name: "hangs", behaviour: () => {}, options: impatient, error: "did not answer in full within 0.5 s" },
  {
    name: "drips",
    behaviour(response) {
      response.writeHead(200, json);
      const timer = setInterval(() => response.write(" "), 10);
      response.once("close", () => clearInterval(timer));
    },
    options: impatient,
    error: "did not answer in full within 0.5 s",
  },
  { name: "breaks off every time", behaviour: breakOff, error: /^the connection to .* failed/, asked: 4 },
  { name: "answers with 500 every time", behaviour: answer(500), error: /answered 500$/, asked: 4 },
  { name: "answers with 429 every time", behaviour: answer(429), error: /answered 429$/, asked: 4 },
  {
    name: "asks to come back in an hour",
    behaviour: answer(429, { "Retry-After": "3600" }),
    error: "answered 429, and asks to be left alone for 3600 s",
  },
  {
    name: "does not know the token",
    behaviour: answer(401),
    error: "answered 401: the token is not one of authentik's",
  },
  {
    name: "refuses the token",
    behaviour: answer(403, json, '{"detail": "Token invalid/expired"}'),
    error: "answered 403: the token is no good, or its user may not view OAuth sources",
  },
  { name: "has no such path", behaviour: answer(404), error: "answered 404: is it the address of an authentik?" },
  {
    name: "answers with a sign-in page",
    behaviour: answer(200, { "Content-Type": "text/html; charset=utf-8" }, "<!doctype html>"),
    error: "answered with text/html, not with JSON: is authentik there?",
  },
  { name: "names no content type", behaviour: answer(200), error: "answered with nothing, not with JSON" },
  { name: "breaks its JSON", behaviour: answer(200, json, '{"pagination": {'), error: "that is not JSON" },
  {
    name: "answers with no UTF-8",
    behaviour: (response) => response.writeHead(200, json).end(Buffer.from([0x22, 0xff, 0x22])),
    error: "answered with something that is not UTF-8",
  },
  {
    name: "sends more than a page may have",
    behaviour(response) {
      response.writeHead(200, json);
      for (let i = 0; i < 9; i++) response.write(" ".repeat(8 * 1024));
      response.end("{}");
    },
    error: "answered with more than 65536 bytes",
  },
  {
    name: "sends more than a page may have, compressed",
    behaviour: (response) =>
      response.writeHead(200, { ...json, "Content-Encoding": "gzip" }).end(gzipSync(" ".repeat(1024 * 1024))),
    error: "answered with more than 65536 bytes",
  },
  {
    name: "redirects to another host",
    behaviour: answer(302, { Location: "https://elsewhere.example/?page=1" }),
    error: "redirects to https://elsewhere.example, which may not have the token",
  },
  { name: "redirects to no URL", behaviour: answer(302, { Location: "https://[" }), error: "redirects to nowhere" },
  {
    name: "redirects in a circle",
    behaviour: answer(301, { Location: "/api/v3/sources/oauth/" }),
    error: "redirects for more than 3 times",
    asked: 4,
  },
];

describe("fetchUpstream", () => {
  it("sends the token and gives the JSON", async () => {
    expect(await fetchJson()).toEqual({ a: 1 });
    expect(upstream.seen).toEqual([{ url: path, token: `Bearer ${token}` }]);
  });

  it("takes every JSON content type, in capitals too", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/Problem+JSON"]) {
      upstream.behaviour = answer(200, { "Content-Type": type }, "[]");
      expect(await fetchJson()).toEqual([]);
    }
  });

  it.each(refusals)("fails at a server that $name", async ({ behaviour, options, error, asked = 1 }) => {
    upstream.behaviour = behaviour;
    await expect(fetchJson(options)).rejects.toThrow(error);
    expect(upstream.seen).toHaveLength(asked);
    for (const { token: seen } of upstream.seen) expect(seen).toBe(`Bearer ${token}`);
  });

  it("fails at an address where nobody listens, with the code of the system", async () => {
    await expect(fetchJson({ origin: "http://127.0.0.1:1" })).rejects.toThrow(
      /^the connection to http:\/\/127\.0\.0\.1:1\/api\/v3\/sources\/oauth\/ failed/,
    );
    expect(waits).toHaveLength(3);
  });

  it.each([
    ["503", answer(503)],
    ["429", answer(429)],
    ["a broken connection", breakOff],
  ])("retries after %s, with pauses that double", async (_, failure) => {
    upstream.behaviour = failing(3, failure);
    expect(await fetchJson()).toEqual({ a: 1 });
    expect(waits).toEqual([250, 500, 1000]);
  });

  it("jitters its pauses, down to none", async () => {
    upstream.behaviour = failing(3, answer(503));
    const randoms = [0, 0.25, 1];
    await fetchJson({ random: () => randoms.shift() ?? 0 });
    expect(waits).toEqual([0, 250, 2000]);
  });

  it.each([
    ["7", 7_000],
    [" 30 ", 30_000],
    [new Date(1_000_000_000 + 7_000).toUTCString(), 7_000],
    [new Date(0).toUTCString(), 0],
    ["soon", 0],
  ])("waits as long as Retry-After: %s says, and the pause in addition", async (retryAfter, expected) => {
    upstream.behaviour = failing(1, answer(429, { "Retry-After": retryAfter }));
    await fetchJson();
    expect(waits).toEqual([expected + 250]);
  });

  it("starts no attempt after the deadline of the run", async () => {
    const begun = time;
    upstream.behaviour = answer(503, { "Retry-After": "20" });
    await expect(fetchJson({ limits: { ...smallLimits, attempts: 1_000 } })).rejects.toThrow(/answered 503$/);
    expect(time - begun).toBeGreaterThan(smallLimits.runMs - 21_000);
    expect(time - begun).toBeLessThanOrEqual(smallLimits.runMs);
    await expect(fetchJson({ deadline: time })).rejects.toThrow("took more than 240 s in all");
  });

  it("gives undefined for a status that means absence, where there is one", async () => {
    upstream.behaviour = answer(404);
    expect(await fetchJson({ absentStatuses: [403, 404] })).toBe(undefined);
    upstream.behaviour = answer(401);
    await expect(fetchJson({ absentStatuses: [403, 404] })).rejects.toThrow("answered 401");
  });

  it("follows a redirect within its own origin, with the token", async () => {
    upstream.behaviour = (response, asked, request) =>
      request.url?.startsWith("/api")
        ? answer(308, { Location: `/new${request.url}` })(response, asked, request)
        : sendJson(response, { a: 1 });
    expect(await fetchJson()).toEqual({ a: 1 });
    expect(upstream.seen.map(({ url }) => url)).toEqual([path, `/new${path}`]);
  });

  it("sends the token to no other port of the same host", async () => {
    const elsewhere = await startUpstream();
    upstream.behaviour = answer(302, { Location: `${elsewhere.origin}${path}` });
    await expect(fetchJson()).rejects.toThrow(`redirects to ${elsewhere.origin}, which may not have the token`);
    await elsewhere.close();
    expect(elsewhere.seen).toEqual([]);
  });

  it("sends the token over https:// alone, where a redirect leads to http:// on the same host", async () => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input) => {
      asked.push(String(input));
      return new Response(null, { status: 302, headers: { Location: "http://authentik.example/" } });
    };
    await expect(fetchJson({ origin: "https://authentik.example", fetch: fake })).rejects.toThrow(
      "redirects to http://authentik.example, which may not have the token",
    );
    expect(asked).toEqual([`https://authentik.example${path}`]);
  });
});
