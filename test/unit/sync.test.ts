import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OAuthSource } from "../../src/sources/source.ts";
import { type SyncOptions, syncSources } from "../../src/sync/run.ts";
import type { Limits } from "../../src/sync/upstream/limits.ts";
import { runTool } from "../support/run.ts";
import { createFileStore } from "../support/sync-store.ts";
import {
  type Behaviour,
  generateSources,
  largestPage,
  padSource,
  pageOf,
  sendJson,
  servePages,
  startUpstream,
} from "../support/upstream.ts";

/** As long as authentik's own, in letters of both cases. */
const token = "Ak0123456789abcdefGHIJKLMNOPqrstuvwxyz0123456789ABCDEFsecret";
/** What may stand nowhere, not even in part or in another letter case. */
const secrets = new RegExp(`${token.slice(0, 20)}|${token.slice(-20)}|hunter2`, "i");
const stored = generateSources(12);
const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];

let store: Awaited<ReturnType<typeof createFileStore>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let waits: number[];

beforeEach(async () => {
  store = await createFileStore(stored);
  upstream = await startUpstream(servePages(stored));
  waits = [];
});

afterEach(() => upstream.close());

/** Limits so small that no test waits for them; no wait takes time. */
const limits: Partial<Limits> = { pageBytes: 64 * 1024, pages: 5 };
const impatient: Partial<SyncOptions> = { limits: { ...limits, attemptMs: 300 } };

const sync = (options: Partial<SyncOptions> = {}) =>
  syncSources(store.db, {
    upstream: upstream.origin,
    token,
    limits,
    wait: async (milliseconds) => waits.push(milliseconds),
    random: () => 0.5,
    ...options,
  });

const answer =
  (status: number, headers: Record<string, string> = {}, body = ""): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end(body);

const json = { "Content-Type": "application/json" };

/** Pages of six: the twelve sources take two. */
const inTwoPages =
  (rowsOf: (walk: number, page: number) => OAuthSource[]): Behaviour =>
  (response, { page, number }) =>
    sendJson(response, pageOf(rowsOf(Math.ceil(number / 2), page), page, 6));

/** A list on one page, its first source with a field that is written as it stands. */
const writeFirst =
  (field: string, text: string): Behaviour =>
  (response) => {
    const page = JSON.stringify(pageOf([{ ...first, [field]: "@" }, second, ...others]));
    sendJson(response, page.replace('"@"', text));
  };

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const changeFirst = (change: Record<string, unknown>) => servePages([{ ...first, ...change }, second, ...others]);

interface Fault {
  name: string;
  behaviour?: Behaviour;
  options?: Partial<SyncOptions>;
  error: string | RegExp;
  /** How often upstream is asked. @default once */
  asked?: number;
  /** Whether it takes the small limits of this file to fail soon. @default false */
  isLimited?: boolean;
}

const faults: Fault[] = [
  {
    name: "refuses connections",
    options: { upstream: "http://127.0.0.1:1" },
    error: /^the connection to http:\/\/127\.0\.0\.1:1\/api\/v3\/sources\/oauth\/ failed/,
    asked: 0,
  },
  {
    name: "hangs",
    behaviour: () => {},
    options: impatient,
    error: "did not answer in full within 0.3 s",
    isLimited: true,
  },
  {
    name: "drips",
    behaviour(response) {
      response.writeHead(200, json);
      const timer = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(timer));
    },
    options: impatient,
    error: "did not answer in full within 0.3 s",
    isLimited: true,
  },
  {
    name: "breaks off in the middle of the body, every time",
    behaviour(response) {
      const body = JSON.stringify(pageOf(stored));
      response.writeHead(200, { ...json, "Content-Length": body.length });
      response.write(body.slice(0, body.length / 2), () => response.destroy());
    },
    error: /^the connection to .* failed/,
    asked: 4,
  },
  {
    name: "answers with a sign-in page",
    behaviour: answer(200, { "Content-Type": "text/html; charset=utf-8" }, "<!doctype html>"),
    error: "answered with text/html, not with JSON: is authentik there?",
  },
  { name: "answers with half a JSON", behaviour: answer(200, json, '{"pagination": {'), error: "that is not JSON" },
  { name: "answers with a JSON array", behaviour: answer(200, json, "[]"), error: "JSON that is no page of a list" },
  {
    name: "answers with an error and 200",
    behaviour: answer(200, json, '{"detail": "x"}'),
    error: "no page of a list",
  },
  {
    name: "answers with no UTF-8",
    behaviour: (response) => response.writeHead(200, json).end(Buffer.from([0x22, 0xff, 0x22])),
    error: "answered with something that is not UTF-8",
  },
  {
    name: "refuses the token",
    behaviour: answer(403, json, '{"detail": "Token invalid/expired"}'),
    error: "answered 403: the token is no good, or its user may not view OAuth sources",
  },
  {
    name: "refuses the token in the middle",
    behaviour: (response, asked, request) =>
      (asked.page === 1 ? servePages(stored, 6) : answer(403))(response, asked, request),
    error: "answered 403",
    asked: 2,
  },
  { name: "is something else", behaviour: answer(404), error: "answered 404: is it the address of an authentik?" },
  { name: "fails for ever", behaviour: answer(500), error: /answered 500$/, asked: 4 },
  {
    name: "asks to come back in an hour",
    behaviour: answer(429, { "Retry-After": "3600" }),
    error: "answered 429, and asks to be left alone for 3600 s",
  },
  {
    name: "redirects to another host",
    behaviour: answer(302, { Location: "https://elsewhere.example/api/v3/sources/oauth/?page=1" }),
    error: "redirects to https://elsewhere.example, which may not have the token",
  },
  {
    name: "redirects to the token in lower case",
    behaviour: answer(302, { Location: `https://${token.toLowerCase()}.example/` }),
    error: "redirects to https://….example, which may not have the token",
  },
  {
    name: "redirects to the token in upper case, in a circle",
    behaviour: answer(301, { Location: `/${token.toUpperCase()}` }),
    error: "/… redirects for more than 3 times",
    asked: 4,
  },
  {
    name: "has the token for a content type",
    behaviour: answer(200, { "Content-Type": `text/${token}; charset=utf-8` }),
    error: "answered with text/…, not with JSON",
  },
  {
    name: "has the token for the scheme of a URL",
    behaviour: changeFirst({ profile_url: `${token}:x` }),
    error: 'row 1 (slug "source-00000"): profile_url: has a URL of the scheme ',
  },
  {
    name: "redirects in a circle",
    behaviour: answer(301, { Location: "/api/v3/sources/oauth/" }),
    error: "redirects for more than 3 times",
    asked: 4,
  },
  {
    name: "is http:// on another machine",
    options: { upstream: "http://authentik.example" },
    error: "http://authentik.example is not https: the token would go over the network in the clear",
    asked: 0,
  },
  {
    name: "has credentials in its address",
    options: { upstream: "https://admin:hunter2@authentik.example/?x=hunter2" },
    error: "may hold no user name and no password",
    asked: 0,
  },
  { name: "is no URL", options: { upstream: "authentik" }, error: "must be an https:// URL", asked: 0 },
  {
    name: "is given a token with a line end",
    options: { token: `${token}\n` },
    error: "the token holds characters that no token of authentik has",
    asked: 0,
  },
  {
    name: "sends too much",
    behaviour(response) {
      response.writeHead(200, json);
      for (let i = 0; i < 9; i++) response.write(" ".repeat(8 * 1024));
      response.end("{}");
    },
    error: "answered with more than 65536 bytes",
    isLimited: true,
  },
  {
    name: "sends too much in little",
    behaviour: (response) =>
      response.writeHead(200, { ...json, "Content-Encoding": "gzip" }).end(gzipSync(" ".repeat(1024 * 1024))),
    error: "answered with more than 65536 bytes",
    isLimited: true,
  },
  {
    name: "sends too much over its pages",
    behaviour: servePages(stored, 6),
    options: { limits: { ...limits, listBytes: 12_000 } },
    error: "has a list of more than 12000 bytes",
    isLimited: true,
    asked: 2,
  },
  { name: "has too many pages", behaviour: servePages(stored, 2), error: "has 6 pages, more than 5", isLimited: true },
  {
    name: "miscounts",
    behaviour: (response) => {
      const page = pageOf(stored);
      sendJson(response, { ...page, pagination: { ...page.pagination, count: 13 } });
    },
    error: "it says that it has 13 sources, and sent 12",
  },
  {
    name: "miscounts over several pages, for ever",
    behaviour: (response, { page }) => {
      const half = pageOf(stored, page, 6);
      sendJson(response, { ...half, results: half.results.slice(1) });
    },
    error: "in 5 walks over its pages: it says that it has 12 sources, and sent 10",
    asked: 10,
  },
  {
    name: "gives a page that was not asked for",
    behaviour: (response) => sendJson(response, pageOf(stored, 1, 6)),
    error: "was asked for page 2, and gave page 1",
    asked: 2,
  },
  {
    name: "gives a pk twice",
    behaviour: servePages([first, { ...second, pk: first.pk }, ...others]),
    error: 'row 2 (slug "source-00001"): pk: stands in another row too',
  },
  {
    name: "gives a slug twice",
    behaviour: servePages([first, { ...second, slug: first.slug }, ...others]),
    error: 'row 2 (slug "source-00000"): slug: stands in another row too',
  },
  {
    name: "gives a slug twice over several pages, for ever",
    behaviour: servePages([first, second, ...others.slice(0, -1), { ...second, pk: stored.at(-1)?.pk }], 6),
    error: 'walks over its pages: row 12 (slug "source-00001"): slug: stands in another row too',
    asked: 10,
  },
  {
    name: "gives a value of the wrong type",
    behaviour: changeFirst({ enabled: "yes" }),
    error: 'gave a list that is wrong:\nrow 1 (slug "source-00000"): enabled: ',
  },
  {
    name: "gives many wrong rows",
    behaviour: servePages(generateSources(30).map((row) => ({ ...row, name: null }))),
    error:
      /gave a list that is wrong:\n(row [0-9]+ .* name: .*\n){10}and perhaps more: the check stops at 10 problems$/,
  },
  {
    name: "gives more sources than it was asked for",
    behaviour: (response) => {
      const rows = Array(1_001).fill(0);
      sendJson(response, pageOf(rows, 1, rows.length));
    },
    error: "was asked for 1000 sources, and gave 1001 on page 1",
  },
  {
    name: "gives more sources than fit a call's arguments, on its second page",
    behaviour: (response, { page }) => {
      const results = page === 1 ? [first] : Array(200_000).fill(0);
      sendJson(response, { pagination: { count: 200_001, current: page, total_pages: 2 }, results });
    },
    options: { limits: {} },
    error: "was asked for 1000 sources, and gave 200000 on page 2",
    asked: 2,
  },
  {
    name: "nests a field deeper than a store takes",
    behaviour: writeFirst("oidc_jwks", nested(1_000)),
    error: 'row 1 (slug "source-00000"): oidc_jwks: is nested more than 200 deep',
  },
  {
    name: "nests a field deeper than a call stack",
    behaviour: writeFirst("slug", nested(20_000)),
    error: "row 1 (slug null): slug: is nested more than 200 deep",
  },
  {
    name: "gives a source of more than 64 KiB",
    behaviour: changeFirst({ additional_scopes: "é".repeat(33_000) }),
    options: { limits: {} },
    error: /row 1 \(slug "source-00000"\): has 67[0-9]{3} bytes as JSON, more than 65536$/,
  },
  {
    name: "gives a URL that runs code",
    behaviour: changeFirst({ profile_url: "java\nscript:alert(1)" }),
    error: 'row 1 (slug "source-00000"): profile_url: has a URL of the scheme javascript:',
  },
  {
    name: "gives a URL that runs code where white space is trimmed",
    behaviour: changeFirst({ oidc_jwks_url: "\u00a0javascript:alert(1)" }),
    error: 'row 1 (slug "source-00000"): oidc_jwks_url: has a URL of the scheme javascript:',
  },
  {
    name: "gives an icon that runs code",
    behaviour: changeFirst({ icon: "javascript:alert(1)" }),
    error: 'row 1 (slug "source-00000"): icon: has a URL of the scheme javascript:',
  },
  {
    name: "gives a type with a URL that runs code",
    behaviour: changeFirst({
      provider_type: "evil",
      type: { ...first.type, name: "evil", authorization_url: "data:text/html,x" },
    }),
    error: 'row 1 (slug "source-00000"): type.authorization_url: has a URL of the scheme data:',
  },
  {
    name: "changes a source between walks, for ever",
    behaviour: inTwoPages((walk) => [{ ...first, name: `Name ${walk}` }, second, ...others]),
    error: "gave no settled list in 5 walks over its pages: it was never the same twice in a row",
    asked: 10,
  },
  {
    name: "changes its count between pages, for ever",
    behaviour: inTwoPages((_, page) => (page === 1 ? stored : generateSources(11))),
    error: "in 5 walks over its pages: its count went from 12 to 11 between two pages",
    asked: 10,
  },
  {
    name: "is suddenly empty",
    behaviour: servePages([]),
    error: "authentik has no sources any more, of 12 in the store: nothing was written",
  },
  {
    name: "has lost more than half",
    behaviour: servePages(stored.slice(0, 5)),
    error: "authentik has lost 7 of the 12 sources in the store: nothing was written",
  },
  {
    name: "has others in the place of more than half",
    behaviour: servePages([...stored.slice(0, 5), ...generateSources(30).slice(20)]),
    error: "authentik has lost 7 of the 12 sources in the store",
  },
  {
    name: "sends the token back",
    behaviour: changeFirst({ slug: `${token} x` }),
    error: 'row 1 (slug "… x"): slug: may hold',
  },
];

describe("an upstream that", () => {
  it.each(faults)(
    "$name changes nothing, and is recorded as such",
    async ({ behaviour, options, error, asked = 1 }) => {
      if (behaviour) upstream.behaviour = behaviour;
      const before = await store.snapshot();
      const run = await sync(options);

      expect(run.outcome, String(run.error)).toBe("failed");
      if (typeof error === "string") expect(run.error).toContain(error);
      else expect(run.error).toMatch(error);
      expect(await store.snapshot()).toEqual(before);
      expect(upstream.seen).toHaveLength(asked);
      for (const { token: seen } of upstream.seen) expect(seen).toBe(`Bearer ${token}`);
      const recorded = await store.runs();
      expect(recorded).toEqual([{ id: 1, ...run }]);
      expect(JSON.stringify(recorded)).not.toMatch(secrets);
    },
  );

  const soon = faults.filter(({ isLimited }) => !isLimited);

  it.each(soon)("$name ends `npm run sync` with 1, and with the reason", async ({ behaviour, options, error }) => {
    if (behaviour) upstream.behaviour = behaviour;
    const before = await store.snapshot();
    const { code, stdout, stderr } = await runTool("sync", [], {
      LIBSQL_URL: store.url,
      AUTHENTIK_SYNC_URL: options?.upstream ?? upstream.origin,
      AUTHENTIK_TOKEN: options?.token ?? token,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const reason = stderr.replace(/^sync: /, "").trimEnd();
    if (typeof error === "string") expect(reason).toContain(error);
    else expect(reason).toMatch(error);
    expect(stderr).not.toMatch(secrets);
    expect(await store.snapshot()).toEqual(before);
  });

  it("there are at least twenty kinds of, which the command meets too", () => {
    expect(soon.length).toBeGreaterThanOrEqual(20);
  });

  it("fails once is asked again after a wait, longer each time and never the same", async () => {
    upstream.behaviour = (response, asked, request) =>
      (asked.number < 4 ? answer(503) : servePages(stored))(response, asked, request);
    expect(await sync()).toMatchObject({ outcome: "unchanged", error: null });
    expect(waits).toEqual([250, 500, 1000]);
  });

  it.each([
    ["seconds", "7", 7_000],
    ["a date", new Date(1_000_009_000).toUTCString(), 9_000],
    ["nonsense", "soon", 0],
  ])("asks to come back later, in %s, is heeded", async (_, retryAfter, expected) => {
    upstream.behaviour = (response, asked, request) =>
      (asked.number === 1 ? answer(429, { "Retry-After": retryAfter }) : servePages(stored))(response, asked, request);
    expect((await sync({ now: () => 1_000_000_000 })).outcome).toBe("unchanged");
    expect(waits).toEqual([expected + 250]);
  });

  it("never ends is given up when the time of a run is over", async () => {
    let time = 0;
    upstream.behaviour = answer(503, { "Retry-After": "20" });
    const wait = async (milliseconds: number) => {
      time += milliseconds;
    };
    const run = await sync({ now: () => time, wait, limits: { ...limits, attempts: 1_000 } });
    expect(run.error).toMatch(/answered 503$/);
    expect(time).toBeLessThanOrEqual(240_000);
    expect(run.durationMs).toBe(time);
  });

  it("redirects within its own origin is followed", async () => {
    upstream.behaviour = (response, asked, request) =>
      request.url?.startsWith("/api")
        ? answer(308, { Location: request.url.replace("/api", "/new/api") })(response, asked, request)
        : servePages(stored)(response, asked, request);
    expect((await sync()).outcome).toBe("unchanged");
    expect(upstream.seen.map(({ url }) => url)).toEqual([
      "/api/v3/sources/oauth/?page_size=1000&ordering=slug&page=1",
      "/new/api/v3/sources/oauth/?page_size=1000&ordering=slug&page=1",
    ]);
  });

  it("redirects to another port of its own host gets the token nowhere", async () => {
    const elsewhere = await startUpstream(servePages(stored));
    upstream.behaviour = (response, asked, request) =>
      answer(302, { Location: `${elsewhere.origin}${request.url}` })(response, asked, request);
    const { error } = await sync();
    await elsewhere.close();
    expect(elsewhere.seen).toEqual([]);
    expect(error).toContain(`redirects to ${elsewhere.origin}, which may not have the token`);
  });

  it("redirects from https to http on its own host gets the token nowhere", async () => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input) => {
      asked.push(String(input));
      return new Response(null, { status: 302, headers: { Location: "http://authentik.example/" } });
    };
    const { error } = await sync({ upstream: "https://authentik.example", fetch: fake });
    expect(asked).toEqual([expect.stringMatching(/^https:/)]);
    expect(error).toContain("redirects to http://authentik.example, which may not have the token");
  });

  it.each([
    ...["localhost.evil.example", "127.0.0.1.evil.example", "localhost.", "[::1].evil.example"],
    ...["evil-localhost", "10.127.0.0.1.example", "0x.127.0.0.1.example", "[::2]"],
  ])("is http://%s, which only looks like this machine, is not asked", async (host) => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input) => {
      asked.push(String(input));
      return Response.json(pageOf(stored));
    };
    const run = await sync({ upstream: `http://${host}`, fetch: fake });
    expect(asked).toEqual([]);
    expect(run.outcome).toBe("failed");
  });

  it.each(["localhost:9000", "auth.localhost", "127.0.0.1", "127.1", "[::1]:9000"])(
    "is http://%s, which is this machine, is asked",
    async (host) => {
      const fake: typeof fetch = async (input) =>
        String(input).endsWith("/source_types/") ? new Response(null, { status: 404 }) : Response.json(pageOf(stored));
      const run = await sync({ upstream: `http://${host}`, fetch: fake });
      expect(run).toMatchObject({ outcome: "unchanged", error: null });
    },
  );

  it("sends back a token of odd characters shows nothing of it", async () => {
    const odd = 'k"e\\y$(1)|';
    upstream.behaviour = changeFirst({ slug: `x ${odd.toUpperCase()}` });
    expect((await sync({ token: odd })).error).toContain('row 1 (slug "x …"): slug: may hold');
  });

  it.each([0xa0, 0xfeff, 0x85, 0x3000, 0x2028, 0x200b, 0xad, 0x20, 0x09, 0x0a, 0x0d, 0x01, 0x1c, 0x7f])(
    "gives the character %i before or inside `javascript:` is refused",
    async (code) => {
      const space = String.fromCodePoint(code);
      const urls = {
        icon: `${space}javascript:alert(1)`,
        request_token_url: `java${space}script:alert(1)`,
        authorization_url: `JavaScript${space}:alert(1)`,
        oidc_well_known_url: `${space}${space}data:text/html,x`,
      };
      upstream.behaviour = changeFirst(urls);
      const { outcome, error } = await sync();
      expect(outcome).toBe("failed");
      for (const field of Object.keys(urls)) {
        expect(error).toMatch(new RegExp(`^row 1 .*: ${field}: has a URL of the scheme (javascript|data):$`, "m"));
      }
    },
  );

  it("gives URLs that are safe, or relative, or no URLs, is taken at its word", async () => {
    const urls = {
      icon: "fa://fa-user",
      request_token_url: "",
      authorization_url: " HTTPS://login.example/authorize ",
      access_token_url: "//login.example:8080/token",
      profile_url: "/profile?next=javascript:x",
      oidc_well_known_url: "?javascript:x",
      oidc_jwks_url: "http://login.example/jwks",
    };
    upstream.behaviour = changeFirst(urls);
    expect(await sync()).toMatchObject({ outcome: "changed", changed: 1, error: null });
  });

  it("nests a field 200 deep is taken", async () => {
    upstream.behaviour = writeFirst("oidc_jwks", nested(200));
    expect(await sync()).toMatchObject({ outcome: "changed", changed: 1, error: null });
    const [source] = (await store.snapshot()).sources;
    expect(JSON.stringify(JSON.parse(source?.document ?? "").oidc_jwks)).toBe(nested(200));
    upstream.behaviour = writeFirst("oidc_jwks", nested(201));
    expect((await sync()).error).toContain("oidc_jwks: is nested more than 200 deep");
  });

  it("gives a source of 64 KiB is taken", async () => {
    upstream.behaviour = servePages([padSource(first, 65_536), second, ...others]);
    expect(await sync({ limits: {} })).toMatchObject({ outcome: "changed", changed: 1, error: null });
    upstream.behaviour = servePages([padSource(first, 65_537), second, ...others]);
    expect((await sync({ limits: {} })).error).toContain(
      'row 1 (slug "source-00000"): has 65537 bytes as JSON, more than 65536',
    );
  });

  it("gives a thousand sources of 8 MiB is taken, and of a byte more is not", async () => {
    store = await createFileStore();
    const [large, ...rest] = largestPage() as [OAuthSource, ...OAuthSource[]];
    upstream.behaviour = servePages([padSource(large, 8_390), ...rest]);
    expect((await sync({ limits: {} })).error).toContain(
      "the 1000 largest sources have 8388609 bytes as JSON together, more than 8388608: " +
        'row 1 (slug "source-00000") has 8390, row 2 (slug "source-00001") has 8389, row 3',
    );
    expect(await store.slugs()).toEqual([]);
    upstream.behaviour = servePages([large, ...rest]);
    expect(await sync({ limits: {} })).toMatchObject({ outcome: "changed", added: 1_000, error: null });
  });

  it("is below a path is asked there", async () => {
    expect((await sync({ upstream: `${upstream.origin}/sso/` })).upstream).toBe(`${upstream.origin}/sso/`);
    expect(upstream.seen[0]?.url).toMatch(/^\/sso\/api\/v3\/sources\/oauth\/\?/);
  });

  it("settles after a change between walks is taken as it is then", async () => {
    const renamed = [{ ...first, name: "Renamed" }, second, ...others];
    upstream.behaviour = inTwoPages((walk) => (walk === 1 ? stored : renamed));
    expect(await sync()).toMatchObject({ outcome: "changed", changed: 1, unchanged: 11 });
    expect(upstream.seen).toHaveLength(6);
    expect((await store.snapshot()).sources[0]?.name).toBe("Renamed");
  });

  it("adds and removes a source between two pages is not believed, though its count never changes", async () => {
    // Between two pages the last is removed, and one added in front of all: the new one is on no page that is read.
    const added = { ...first, pk: "00000000-0000-4000-8000-000000000099", slug: "a-new-one" };
    const after = [added, ...stored.slice(0, -1)];
    const atOnce = [...stored.slice(0, 6), ...after.slice(6)];
    upstream.behaviour = inTwoPages((walk, page) => (walk > 1 ? after : page === 1 ? stored : atOnce));
    expect(await sync()).toMatchObject({ outcome: "changed", added: 1, removed: 1, unchanged: 11 });
    expect(await store.slugs()).toEqual(after.map(({ slug }) => slug));
  });

  it("loses a source in a walk, which the next walk has, is read once more", async () => {
    const without = [...stored.slice(0, 6), ...stored.slice(7), ...generateSources(13).slice(12)];
    upstream.behaviour = inTwoPages((walk) => (walk === 1 ? without : stored));
    expect(await sync()).toMatchObject({ outcome: "unchanged", unchanged: 12 });
  });

  it("is newer, with keys that are not known here, is followed in them, but for secrets", async () => {
    upstream.behaviour = servePages(
      stored.map((row) => ({ ...row, pkce: "S256", novel: 7, consumer_secret: "hunter2" })),
    );
    expect(await sync()).toMatchObject({ outcome: "changed", changed: 12 });
    const { sources } = await store.snapshot();
    expect(JSON.parse(sources[0]?.document ?? "")).toMatchObject({ pkce: "S256", novel: 7 });
    expect(JSON.stringify(sources)).not.toContain("hunter2");
    expect((await sync()).outcome).toBe("unchanged");
  });

  it("gives source types of its own has them taken over in its order, and kept where it gives none", async () => {
    const types = ["wechat", "apple", "novel"].map((name, i) => ({
      ...first.type,
      name,
      novel: i,
      client_secret: "hunter2",
    }));
    upstream.types = types;
    expect(await sync()).toMatchObject({ outcome: "changed", unchanged: 12 });
    const stored = async () => (await store.snapshot()).types.map(({ type }) => JSON.parse(type));
    const expected = types.map(({ client_secret: _, ...type }) => type);
    expect(await stored()).toEqual(expected);
    expect((await sync()).outcome).toBe("unchanged");
    upstream.types = undefined;
    expect((await sync()).outcome).toBe("unchanged");
    expect(await stored()).toEqual(expected);
  });

  it.each([
    ["no list of types", { results: [] }, "Invalid input"],
    ["a type without a name", [{}], "0.name: "],
    ["a type whose name is no text", [{ ...first.type, name: "\ud800" }], "0.name: is not valid text"],
    [
      "types of more than 128 KiB",
      [{ ...first.type, novel: "x".repeat(128 * 1024) }],
      "the list of source types has 131359 characters, more than 131072",
    ],
    ["two types of one name", [first.type, first.type], "name: two types have one name"],
    [
      "a type with a URL that runs code",
      [{ ...first.type, profile_url: "javascript:x" }],
      "type.profile_url: has a URL of the scheme javascript:",
    ],
  ])("gives %s changes nothing", async (_, types, error) => {
    upstream.types = types;
    const run = await sync({ limits: {} });
    expect(run.outcome).toBe("failed");
    expect(run.error).toContain(error);
  });

  it("gives something beside the results has it kept, and a change of that alone is a change of the list", async () => {
    for (const beside of [{ autocomplete: {} }, { autocomplete: { a: 1 }, novel: [7] }, {}]) {
      upstream.behaviour = (response, { page }) =>
        sendJson(response, { ...pageOf(stored, page), ...beside, client_secret: "hunter2" });
      expect((await sync()).outcome).toBe("changed");
      expect((await store.snapshot()).state[0]?.beside).toBe(JSON.stringify(beside));
      expect((await sync()).outcome).toBe("unchanged");
    }
    upstream.behaviour = (response) => sendJson(response, { ...pageOf(stored), novel: "x".repeat(64 * 1024) });
    expect(await sync({ limits: {} })).toMatchObject({
      outcome: "failed",
      error: expect.stringContaining("what stands beside the results has"),
    });
  });
});

describe("what looks like an accident", () => {
  it.each([
    ["an empty upstream where removals are allowed", [], { allowRemovals: true }, { removed: 12 }],
    ["half of the sources gone", stored.slice(0, 6), {}, { removed: 6 }],
  ])("does not, for %s", async (_, rows, options, expected) => {
    upstream.behaviour = servePages(rows);
    expect(await sync(options)).toMatchObject({ outcome: "changed", ...expected });
    expect(await store.slugs()).toHaveLength(rows.length);
  });

  it("does not, for a list of less than ten, unless all are gone", async () => {
    await store.load(stored.slice(0, 9));
    upstream.behaviour = servePages([first]);
    expect(await sync()).toMatchObject({ outcome: "changed", removed: 8 });
    upstream.behaviour = servePages([]);
    expect((await sync()).error).toContain("authentik has no sources any more, of 1 in the store");
  });

  it("does not, for an empty store", async () => {
    store = await createFileStore();
    upstream.behaviour = servePages([]);
    expect((await sync()).outcome).toBe("unchanged");
    upstream.behaviour = servePages(stored);
    expect(await sync()).toMatchObject({ outcome: "changed", added: 12 });
  });
});

describe("a run", () => {
  it("that finds nothing new writes nothing, and is kept with how long it took and from where", async () => {
    const before = await store.snapshot();
    const run = await sync({ now: () => 5_000 });
    expect(await store.snapshot()).toEqual(before);
    expect(await store.runs()).toEqual([
      {
        ...{
          id: 1,
          startedAt: 5_000,
          durationMs: 0,
          upstream: `${upstream.origin}/`,
          outcome: "unchanged",
          trigger: "command",
        },
        ...{ added: 0, changed: 0, removed: 0, unchanged: 12, error: null },
      },
    ]);
    expect(run).toMatchObject({ startedAt: 5_000 });
  });

  it("is forgotten after a thousand others, but for the last good one", async () => {
    await sync();
    upstream.behaviour = answer(404);
    for (let i = 0; i < 1_003; i++) await sync({ fetch: async () => new Response(null, { status: 404 }) });
    const runs = await store.runs();
    expect(runs).toHaveLength(1_001);
    expect(runs[0]).toMatchObject({ id: 1, outcome: "unchanged" });
    expect(runs[1]?.id).toBe(5);
  });

  it("that cannot be recorded says so", async () => {
    await store.db.run("DROP TABLE sync_runs");
    expect(await sync()).toMatchObject({
      outcome: "unchanged",
      error: expect.stringContaining("the run could not be recorded: "),
    });
  });

  it("over a store without tables says so", async () => {
    await store.db.run("DROP TABLE list_state");
    expect(await sync()).toMatchObject({ outcome: "failed", error: expect.stringContaining("the store failed: ") });
  });

  it("logs nothing by itself", async () => {
    const logs = (["log", "error", "warn"] as const).map((name) => vi.spyOn(console, name));
    upstream.behaviour = answer(403);
    await sync();
    for (const log of logs) expect(log).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
