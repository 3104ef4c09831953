import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { listAddress } from "../../src/sync/upstream/address.ts";
import type { Limits } from "../../src/sync/upstream/limits.ts";
import { walkUpstream } from "../../src/sync/upstream/walk.ts";
import { answer, changeFirst, inTwoPages, json, smallLimits, stored } from "../support/sync-setup.ts";
import { type Behaviour, generateSources, pageOf, sendJson, servePages, startUpstream } from "../support/upstream.ts";

const [first, second, ...others] = stored as [OAuthSource, OAuthSource, ...OAuthSource[]];
const slugs = stored.map(({ slug }) => slug);

let upstream: Awaited<ReturnType<typeof startUpstream>>;

beforeEach(async () => {
  upstream = await startUpstream(servePages(stored));
});

afterEach(() => upstream.close());

const walk = (limits: Partial<Limits> = {}, onPage?: (read: number, total: number) => void) =>
  walkUpstream(
    listAddress(upstream.origin, false),
    {
      token: "t",
      limits: { ...smallLimits, ...limits },
      deadline: smallLimits.runMs,
      fetch,
      wait: async () => {},
      random: () => 0,
      now: () => 0,
    },
    onPage,
  );

const slugsOf = ({ documents }: Awaited<ReturnType<typeof walk>>) => documents.map(({ slug }) => slug);

interface Refusal {
  name: string;
  behaviour: Behaviour;
  error: string | RegExp;
  limits?: Partial<Limits>;
  /** How many pages are asked for. @default one */
  asked?: number;
}

const refusals: Refusal[] = [
  { name: "an array", behaviour: answer(200, json, "[]"), error: "JSON that is no page of a list" },
  { name: "an error and 200", behaviour: answer(200, json, '{"detail": "x"}'), error: "no page of a list" },
  {
    name: "403 on its second page",
    behaviour: (response, asked, request) =>
      (asked.page === 1 ? servePages(stored, 6) : answer(403))(response, asked, request),
    error: "answered 403",
    asked: 2,
  },
  {
    name: "more bytes than a list may have",
    behaviour: servePages(stored, 6),
    limits: { listBytes: 12_000 },
    error: "has a list of more than 12000 bytes",
    asked: 2,
  },
  { name: "more pages than a list may have", behaviour: servePages(stored, 2), error: "has 6 pages, more than 5" },
  {
    name: "a count of more sources than there are",
    behaviour: (response) => {
      const page = pageOf(stored);
      sendJson(response, { ...page, pagination: { ...page.pagination, count: 13 } });
    },
    error: "is not whole: it says that it has 13 sources, and sent 12",
  },
  {
    name: "a wrong count over several pages, every time",
    behaviour: (response, { page }) => {
      const half = pageOf(stored, page, 6);
      sendJson(response, { ...half, results: half.results.slice(1) });
    },
    error: "in 5 walks over its pages: it says that it has 12 sources, and sent 10",
    asked: 10,
  },
  {
    name: "another page than the one asked for",
    behaviour: (response) => sendJson(response, pageOf(stored, 1, 6)),
    error: "was asked for page 2, and gave page 1",
    asked: 2,
  },
  {
    name: "more sources than a page may have",
    behaviour: (response) => {
      const rows = Array(1_001).fill(0);
      sendJson(response, pageOf(rows, 1, rows.length));
    },
    error: "was asked for 1000 sources, and gave 1001 on page 1",
  },
  {
    name: "more sources than fit a call's arguments, on its second page",
    behaviour: (response, { page }) => {
      const results = page === 1 ? [first] : Array(200_000).fill(0);
      sendJson(response, { pagination: { count: 200_001, current: page, total_pages: 2 }, results });
    },
    limits: { pageBytes: 2 ** 20 },
    error: "was asked for 1000 sources, and gave 200000 on page 2",
    asked: 2,
  },
  {
    name: "a wrong row",
    behaviour: changeFirst({ name: 7 }),
    error: 'gave a list that is wrong:\nrow 1 (slug "source-00000"): name: is not valid text',
  },
  {
    name: "one slug twice on one page",
    behaviour: servePages([first, { ...second, slug: first.slug }, ...others]),
    error: 'row 2 (slug "source-00000"): slug: stands in another row too',
  },
  {
    name: "one slug twice over several pages, every time",
    behaviour: servePages([first, second, ...others.slice(0, -1), { ...second, pk: stored.at(-1)?.pk }], 6),
    error: 'walks over its pages: row 12 (slug "source-00001"): slug: stands in another row too',
    asked: 10,
  },
  {
    name: "another source in every walk",
    behaviour: inTwoPages((walk) => [{ ...first, name: `Name ${walk}` }, second, ...others]),
    error: "gave no settled list in 5 walks over its pages: it was never the same twice in a row",
    asked: 10,
  },
  {
    name: "another count on its second page, every time",
    behaviour: inTwoPages((_, page) => (page === 1 ? stored : generateSources(11))),
    error: "in 5 walks over its pages: its count went from 12 to 11 between two pages",
    asked: 10,
  },
];

/** Deeper than a source may be. */
const tooDeep = JSON.parse("[".repeat(201) + "]".repeat(201));

describe("walkUpstream", () => {
  it("reads a list of one page once", async () => {
    expect(slugsOf(await walk())).toEqual(slugs);
    expect(upstream.seen.map(({ url }) => url)).toEqual(["/api/v3/sources/oauth/?page_size=1000&ordering=slug&page=1"]);
  });

  it("reads a list of several pages until two walks are equal, and reports every page", async () => {
    upstream.behaviour = servePages(stored, 6);
    const pages: string[] = [];
    expect(slugsOf(await walk({}, (read, total) => pages.push(`${read} of ${total}`)))).toEqual(slugs);
    expect(pages).toEqual(["1 of 2", "2 of 2", "1 of 2", "2 of 2"]);
  });

  it.each(refusals)("refuses an upstream that gives $name", async ({ behaviour, limits, error, asked = 1 }) => {
    upstream.behaviour = behaviour;
    await expect(walk(limits)).rejects.toThrow(error);
    expect(upstream.seen).toHaveLength(asked);
  });

  it("takes a list that changed between two walks as it is afterwards", async () => {
    const renamed = [{ ...first, name: "Renamed" }, second, ...others];
    upstream.behaviour = inTwoPages((walk) => (walk === 1 ? stored : renamed));
    expect((await walk()).documents[0]?.document).toContain('"name":"Renamed"');
    expect(upstream.seen).toHaveLength(6);
  });

  it("does not believe a walk in which one source is added and one removed between two pages", async () => {
    // The count stays as it is. The new source sorts first, so it is on no page that is read.
    const added = { ...first, pk: "00000000-0000-4000-8000-000000000099", slug: "a-new-one" };
    const after = [added, ...stored.slice(0, -1)];
    const atOnce = [...stored.slice(0, 6), ...after.slice(6)];
    upstream.behaviour = inTwoPages((walk, page) => (walk > 1 ? after : page === 1 ? stored : atOnce));
    expect(slugsOf(await walk())).toEqual(after.map(({ slug }) => slug));
  });

  it("reads once more where a source is missing in one walk and present in the next", async () => {
    const without = [...stored.slice(0, 6), ...stored.slice(7), ...generateSources(13).slice(12)];
    upstream.behaviour = inTwoPages((walk) => (walk === 1 ? without : stored));
    expect(slugsOf(await walk())).toEqual(slugs);
    expect(upstream.seen).toHaveLength(6);
  });

  it("takes no two walks for equal that hold other sources, which the store is to keep", async () => {
    const held = (walk: number) => ({
      ...first,
      pk: `00000000-0000-4000-8000-${900_000_000_000 + walk}`,
      novel: tooDeep,
    });
    upstream.behaviour = inTwoPages((walk) => [held(walk), second, ...others]);
    await expect(walk()).rejects.toThrow("it was never the same twice in a row");
    upstream.behaviour = inTwoPages(() => [held(1), second, ...others]);
    expect((await walk()).held).toEqual([held(1).pk]);
  });

  it("keeps what stands beside the results, without secrets", async () => {
    upstream.behaviour = (response) =>
      sendJson(response, { ...pageOf(stored), autocomplete: { a: 1 }, client_secret: "hunter2" });
    expect((await walk()).beside).toBe('{"autocomplete":{"a":1}}');
    upstream.behaviour = (response) => sendJson(response, { ...pageOf(stored), novel: "x".repeat(64 * 1024) });
    expect(await walk({ pageBytes: 2 ** 20 })).toMatchObject({ beside: undefined, warnings: { count: 1 } });
  });

  it("takes over the source types that upstream has, in its order, and none from a 404", async () => {
    expect((await walk()).types).toBe(undefined);
    const types = ["wechat", "apple", "novel"].map((name) => ({ ...first.type, name, client_secret: "hunter2" }));
    upstream.types = types;
    expect((await walk()).types?.map((type) => JSON.parse(type))).toEqual(
      types.map(({ client_secret: _, ...type }) => type),
    );
  });

  it("gives a source without a type the one that upstream has under its name", async () => {
    upstream.types = [{ ...first.type, name: "novel", verbose_name: "Novel" }];
    upstream.behaviour = changeFirst({ provider_type: "novel", type: undefined });
    expect((await walk()).documents[0]?.document).toContain('"verbose_name":"Novel"');
  });

  it("does without source types that are wrong, and warns of them once in all walks", async () => {
    upstream.types = { results: [] };
    upstream.behaviour = servePages(stored, 6);
    expect(await walk()).toMatchObject({ types: undefined, warnings: { count: 1, first: [{ what: "unavailable" }] } });
  });
});
