// Holds P12, P14 and P16: docs/promises.md.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listQuerySchema } from "../../src/source/query.ts";
import type { OAuthSource } from "../../src/source/source.ts";
import { readPage } from "../../src/store/page.ts";
import { compareWithUpstream } from "../../src/sync/run.ts";
import {
  answer,
  changeFirst,
  type Fault,
  inTwoPages,
  type SyncSetup,
  startSync,
  stored,
  token,
} from "../support/sync-setup.ts";
import { generateSources, largestPage, padSource, pageOf, sendJson, servePages } from "../support/upstream.ts";

const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];

let setup: SyncSetup;

beforeEach(async () => {
  setup = await startSync();
});

afterEach(() => setup.close());

/** What may be wrong, one of each kind: the others are the matter of the files that find them. */
const faults: Fault[] = [
  {
    name: "nobody listens",
    options: { upstream: "http://127.0.0.1:1" },
    error: /^the connection to http:\/\/127\.0\.0\.1:1\/api\/v3\/sources\/oauth\/ failed/,
    asked: 0,
  },
  { name: "upstream fails every time", behaviour: answer(500), error: /answered 500$/, asked: 4 },
  { name: "upstream refuses the token", behaviour: answer(403), error: "answered 403: the token is no good" },
  {
    name: "the address holds credentials",
    options: { upstream: "https://admin:hunter2@authentik.example/?x=hunter2" },
    error: "may hold no user name and no password",
    asked: 0,
  },
  {
    name: "the token ends with a line end",
    options: { token: `${token}\n` },
    error: "the token holds characters that no token of authentik has",
    asked: 0,
  },
  {
    name: "rows are wrong",
    behaviour: servePages(generateSources(30).map((row) => ({ ...row, name: null }))),
    error:
      /gave a list that is wrong:\n(row [0-9]+ .* name: .*\n){10}and perhaps more: the check stops at 10 problems$/,
  },
  {
    name: "the list never settles",
    behaviour: inTwoPages((walk) => [{ ...first, name: `Name ${walk}` }, second, ...others]),
    error: "gave no settled list in 5 walks over its pages",
    asked: 10,
  },
  {
    name: "upstream is suddenly empty",
    behaviour: servePages([]),
    error: "authentik has no sources any more, of 12 in the store: nothing was written",
  },
  {
    name: "more than half of the sources are lost",
    behaviour: servePages([...stored.slice(0, 5), ...generateSources(30).slice(20)]),
    error: "authentik has lost 7 of the 12 sources in the store: nothing was written",
  },
];

/** Ways in which an upstream can send the token back. */
const echoes: Fault[] = [
  { name: "a slug", behaviour: changeFirst({ slug: `${token} x` }), error: 'row 1 (slug "… x"): slug: may hold' },
  {
    name: "a host, in lower case",
    behaviour: answer(302, { Location: `https://${token.toLowerCase()}.example/` }),
    error: "redirects to https://….example, which may not have the token",
  },
  {
    name: "a path, in upper case",
    behaviour: answer(301, { Location: `/${token.toUpperCase()}` }),
    error: "/… redirects for more than 3 times",
    asked: 4,
  },
  {
    name: "a content type",
    behaviour: answer(200, { "Content-Type": `text/${token}; charset=utf-8` }),
    error: "answered with text/…, not with JSON",
  },
];

describe("syncSources", () => {
  it("makes the store's list equal to upstream's, and records what changed", async () => {
    const [fresh] = generateSources(13).slice(12);
    setup.upstream.behaviour = servePages([{ ...first, name: "Renamed" }, ...others, fresh]);
    const run = await setup.sync({ now: () => 5_000, trigger: "webhook" });
    expect(run).toEqual({
      ...{ startedAt: 5_000, durationMs: 0, trigger: "webhook", upstream: `${setup.upstream.origin}/` },
      ...{ outcome: "changed", added: 1, changed: 1, removed: 1, unchanged: 10, renewed: 0, error: null },
      ...{ warnings: 0, firstWarnings: [] },
    });
    expect(await setup.store.runs()).toEqual([{ id: 1, ...run }]);
    expect(await setup.store.slugs()).toEqual([first, ...others, fresh].map((source) => source?.slug));
    const { sources, state } = await setup.store.snapshot();
    expect(sources[0]?.name).toBe("Renamed");
    expect(state).toMatchObject([{ changedAt: 5_000 }]);
  });

  it("writes nothing where nothing is new, and records that", async () => {
    const before = await setup.store.shown();
    expect(await setup.sync()).toMatchObject({ outcome: "unchanged", unchanged: 12, error: null });
    expect(await setup.store.shown()).toEqual(before);
    expect(await setup.store.runs()).toMatchObject([{ outcome: "unchanged", trigger: "command" }]);
  });

  it("measures how long a run takes", async () => {
    let time = 1_000;
    setup.upstream.behaviour = (response, asked, request) => {
      time += 700;
      servePages(stored)(response, asked, request);
    };
    expect(await setup.sync({ now: () => time })).toMatchObject({ startedAt: 1_000, durationMs: 700 });
  });

  it.each(faults)("changes nothing and records the reason where $name", (fault) => setup.expectFailure(fault));

  it.each(echoes)("shows nothing of a token that comes back as $name", (fault) => setup.expectFailure(fault));

  it("shows nothing of a token of odd characters that comes back as a slug", async () => {
    const odd = 'k"e\\y$(1)|';
    setup.upstream.behaviour = changeFirst({ slug: `x ${odd.toUpperCase()}` });
    expect((await setup.sync({ token: odd })).error).toContain('row 1 (slug "x …"): slug: may hold');
  });

  it("cuts an error to 2,000 characters, and no token into two halves", async () => {
    const path = `/${"x".repeat(1_980 - setup.upstream.origin.length)}${token}/${"x".repeat(100)}`;
    setup.upstream.behaviour = answer(403);
    const { error } = await setup.sync({ upstream: setup.upstream.origin + path });
    expect(error).toHaveLength(2_000);
    expect(error).toMatch(/x…\/x+$/);
  });

  it("empties the store where removals are allowed", async () => {
    setup.upstream.behaviour = servePages([]);
    expect(await setup.sync({ allowRemovals: true })).toMatchObject({ outcome: "changed", removed: 12 });
    expect(await setup.store.slugs()).toEqual([]);
  });

  it("sends the token over http:// to another host where that is allowed", async () => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input) => {
      asked.push(new URL(String(input)).pathname);
      return asked.length === 1 ? Response.json(pageOf(stored)) : new Response(null, { status: 404 });
    };
    const options = { upstream: "http://authentik.example/sso/", fetch: fake };
    expect(await setup.sync(options)).toMatchObject({ outcome: "failed" });
    expect(asked).toEqual([]);
    expect(await setup.sync({ ...options, allowHttp: true })).toMatchObject({ outcome: "unchanged", error: null });
    expect(asked).toEqual(["/sso/api/v3/sources/oauth/", "/sso/api/v3/sources/oauth/source_types/"]);
  });

  it("follows a newer authentik in keys that are not known here, but for secrets", async () => {
    setup.upstream.behaviour = servePages(
      stored.map((row) => ({ ...row, pkce: "S256", novel: 7, consumer_secret: "hunter2" })),
    );
    expect(await setup.sync()).toMatchObject({ outcome: "changed", changed: 12 });
    const { sources } = await setup.store.snapshot();
    expect(JSON.parse(sources[0]?.document ?? "")).toMatchObject({ pkce: "S256", novel: 7 });
    expect(JSON.stringify(sources)).not.toContain("hunter2");
    expect((await setup.sync()).outcome).toBe("unchanged");
  });

  it("counts a change of the source types alone, or beside the results alone, as a change of the list", async () => {
    const page = pageOf(stored);
    setup.upstream.types = ["wechat", "apple"].map((name) => ({ ...first.type, name }));
    expect(await setup.sync()).toMatchObject({ outcome: "changed", unchanged: 12 });
    expect((await setup.store.snapshot()).types.map(({ name }) => name)).toEqual(["wechat", "apple"]);
    setup.upstream.types = undefined;
    expect((await setup.sync()).outcome).toBe("unchanged");
    setup.upstream.behaviour = (response) => sendJson(response, { ...page, autocomplete: { a: 1 } });
    expect(await setup.sync()).toMatchObject({ outcome: "changed", unchanged: 12 });
    expect((await setup.store.snapshot()).state).toMatchObject([{ beside: '{"autocomplete":{"a":1}}' }]);
    expect((await setup.sync()).outcome).toBe("unchanged");
  });

  it("keeps the spelling of numbers and the deepest field from upstream to the wire", async () => {
    const deep = "[".repeat(200) + "]".repeat(200);
    for (const jwks of ['{"keys":[12345678901234567890,1e400,1.0,-0,1E5,"1.0"]}', deep]) {
      setup.upstream.behaviour = (response) =>
        sendJson(
          response,
          JSON.stringify(pageOf([{ ...first, oidc_jwks: "@" }, second, ...others])).replace('"@"', jwks),
        );
      expect(await setup.sync()).toMatchObject({ outcome: "changed", changed: 1, error: null });
      const page = await readPage(setup.store.db, listQuerySchema.parse({}), "https://authentik.example");
      expect(page?.body).toContain(`"oidc_jwks":${jwks}`);
    }
  });

  it("takes a thousand sources of 8 MiB, and not a byte more", async () => {
    const { upstream, sync, close } = await startSync([]);
    const [large, ...rest] = largestPage() as [OAuthSource, ...OAuthSource[]];
    upstream.behaviour = servePages([padSource(large, 8_390), ...rest]);
    const { error } = await sync({ limits: {} });
    expect(error).toContain("the 1000 largest sources have 8388609 bytes as JSON together");
    upstream.behaviour = servePages([large, ...rest]);
    expect(await sync({ limits: {} })).toMatchObject({ outcome: "changed", added: 1_000, error: null });
    await close();
  });

  it("reads upstream again where another writer came in while it read, and keeps nothing older than that writer has", async () => {
    const { store, upstream, sync } = setup;
    const older = servePages([{ ...first, name: "Older" }, second, ...others]);
    const newer = [{ ...first, name: "Newer" }, second, ...others];
    upstream.behaviour = (response, asked, request) => {
      if (upstream.seen.length > 1) return servePages(newer)(response, asked, request);
      store.load(newer).then(() => older(response, asked, request), response.destroy);
    };
    expect(await sync()).toMatchObject({ outcome: "unchanged", error: null });
    expect(upstream.seen).toHaveLength(2);
    expect(JSON.stringify(await store.snapshot())).toContain("Newer");
  });

  /** The model's history, shrunk: a source is added, a run reads that, the source is removed, and a run finds nothing to write. */
  it("keeps nothing older than what a run has read that came in between and had nothing to write", async () => {
    const { store, upstream, sync } = setup;
    const before = await store.shown();
    let between: ReturnType<typeof sync> | undefined;
    upstream.behaviour = (response, asked, request) => {
      if (between) return servePages(stored)(response, asked, request);
      between = sync();
      between.then(() => changeFirst({ name: "Older" })(response, asked, request), response.destroy);
    };
    expect(await sync()).toMatchObject({ outcome: "unchanged", error: null });
    expect(await between).toMatchObject({ outcome: "unchanged", error: null });
    expect(upstream.seen).toHaveLength(3);
    expect(await store.shown()).toEqual(before);
  });

  it("says so where the run cannot be recorded", async () => {
    await setup.store.db.run("DROP TABLE sync_runs");
    expect(await setup.sync()).toMatchObject({
      outcome: "unchanged",
      error: expect.stringContaining("the run could not be recorded: "),
    });
  });

  it("says so where the store has no tables", async () => {
    await setup.store.db.run("DROP TABLE list_state");
    expect(await setup.sync()).toMatchObject({
      outcome: "failed",
      error: expect.stringMatching(/^the store failed: .*no such table: list_state$/),
    });
  });

  it("logs nothing by itself", async () => {
    const logs = (["log", "error", "warn"] as const).map((name) => vi.spyOn(console, name));
    setup.upstream.behaviour = answer(403);
    await setup.sync();
    for (const log of logs) expect(log).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

describe("compareWithUpstream", () => {
  it("gives the difference, and writes neither the list nor a run", async () => {
    setup.upstream.behaviour = servePages([{ ...first, name: "Renamed" }, ...others]);
    const before = await setup.store.snapshot();
    const { difference, warnings } = await compareWithUpstream(setup.store.db, setup.options);
    const { added, changed, removed, unchanged } = difference;
    expect(warnings).toBe(0);
    expect({ added, unchanged, removed: [...removed.keys()] }).toEqual({
      added: [],
      unchanged: 10,
      removed: [second.pk],
    });
    expect(changed).toMatchObject([{ after: { pk: first.pk } }]);
    expect(await setup.store.snapshot()).toEqual(before);
    expect(await setup.store.runs()).toEqual([]);
  });

  it("shows nothing of the token in its error", async () => {
    setup.upstream.behaviour = changeFirst({ slug: `${token} x` });
    await expect(compareWithUpstream(setup.store.db, setup.options)).rejects.toThrow(
      'row 1 (slug "… x"): slug: may hold',
    );
  });
});
