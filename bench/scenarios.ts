import type { Django } from "./django.ts";
import { random } from "./generate.ts";
import type { Load } from "./measure.ts";
import { say } from "./progress.ts";

/** Where each Worker of the bench listens. */
export type Origins = Record<
  "edge" | "uncached" | "stale" | "constant" | "constant-logged" | "match" | "raw-post" | "plain" | "bare",
  string
>;

export interface Scenario {
  name: string;
  subject: Load;
  /** What it is measured against, and what that is called. */
  base: Load;
  against: string;
  /** The ratio of throughputs that we want. */
  goal?: number;
}

export const token = "bench-token";
/** Used by the last scenario alone: whoever looks it up before has a verdict that lasts as long as it takes. */
export const lateToken = "bench-token-late";
const bearer = (of: string) => ({ Authorization: `Bearer ${of}` });
const headers = bearer(token);
const list = (query: string) => `/sources/oauth/?${query}`;
/** A page of so many rows. */
const page = (rows: number) => list(`page_size=${rows}`);
const hot = page(12);

/** Four times what the tier in memory holds: a hit comes from the Cache API. */
const manyPages = ["name", "slug"].flatMap((ordering) =>
  Array.from({ length: 1_000 }, (_, i) => list(`page_size=12&page=${i + 1}&ordering=${ordering}`)),
);

/** 2,000 requests for 200 pages, the first the most wanted (Zipf's law). */
function skewed(): string[] {
  const next = random(2);
  let sum = 0;
  const upTo = Array.from({ length: 200 }, (_, i) => {
    sum += 1 / (i + 1);
    return sum;
  });
  return Array.from({ length: 2_000 }, () => {
    const drawn = next() * sum;
    return manyPages[upTo.findIndex((limit) => drawn < limit)] ?? hot;
  });
}

/** All but the last. The edge is asked once for its answer, whose size the floors get. */
export async function scenarios(origins: Origins): Promise<Scenario[]> {
  const answer = await fetch(origins.edge + hot, { headers });
  const size = (await answer.text()).length;
  for (const [i, path] of manyPages.entries()) {
    if (i % 500 === 0) say(`filling the cache: ${i} of ${manyPages.length} pages`);
    await fetch(origins.edge + path, { headers });
  }
  const edge = (paths: string[], status = 200, more: Load["headers"] = headers): Load => ({
    origin: origins.edge,
    paths,
    headers: more,
    status,
  });
  const constant: Load = { origin: origins.constant, paths: [`/${size}`], status: 200 };
  const hit = edge([hot]);
  const miss = (pageSize: number): Load => ({ ...edge([page(pageSize)]), origin: origins.uncached });
  const rawPost = (pageSize: number): Load => ({ origin: origins["raw-post"], paths: [`/${pageSize}`], status: 200 });
  return [
    { name: "hot hit", subject: hit, base: constant, against: "a constant body", goal: 0.8 },
    {
      name: "hot hit",
      subject: hit,
      base: { ...constant, origin: origins["constant-logged"] },
      against: "a constant body, logged",
    },
    {
      name: "hit in the Cache API",
      subject: edge(manyPages),
      base: { origin: origins.match, paths: manyPages.map((_, i) => `/${size}/${i}`), status: 200 },
      against: "a bare match",
      goal: 0.8,
    },
    { name: "hits, 200 pages, skewed", subject: edge(skewed()), base: constant, against: "a constant body" },
    {
      name: "304",
      subject: edge([hot], 304, { ...headers, "If-None-Match": answer.headers.get("ETag") ?? "" }),
      base: hit,
      against: "a hot hit",
      goal: 1,
    },
    { name: "403, no token", subject: edge([hot], 403, {}), base: hit, against: "a hot hit", goal: 1 },
    {
      name: "403, malformed",
      subject: edge([hot], 403, { Authorization: "Bearer" }),
      base: hit,
      against: "a hot hit",
      goal: 1,
    },
    { name: "400", subject: edge([list("page=0")], 400), base: hit, against: "a hot hit" },
    { name: "miss, 12 rows", subject: miss(12), base: rawPost(12), against: "a raw POST", goal: 0.6 },
    { name: "miss, 100 rows", subject: miss(100), base: rawPost(100), against: "a raw POST", goal: 0.5 },
    {
      name: "miss, 12 rows",
      subject: miss(12),
      base: { ...miss(12), origin: origins.plain },
      against: "the plain peer",
      goal: 1.5,
    },
  ];
}

/** Against authentik's own stack, where the machine has it. */
export function djangoScenarios(
  origins: Origins,
  { origin, processes }: Pick<Django, "origin" | "processes">,
): Scenario[] {
  const goals = { edge: ["hot hit", 100], uncached: ["miss", 10] } as const;
  return [12, 100].flatMap((rows) =>
    (["edge", "uncached"] as const).map((name) => {
      const [what, goal] = goals[name];
      const load = { paths: [page(rows)], headers, status: 200 };
      return {
        name: `${what}, ${rows} rows`,
        subject: { ...load, origin: origins[name] },
        base: { ...load, origin, processes },
        against: "Django",
        goal,
      };
    }),
  );
}

/** The last scenario, since it stops the store. Its page is one that no other Worker has cached: they share the Cache API. */
export const staleScenario = (origins: Origins): Scenario => ({
  name: "stale, the store hangs",
  subject: {
    origin: origins.stale,
    paths: [list("page_size=12&ordering=-name")],
    headers: bearer(lateToken),
    status: 200,
  },
  base: { origin: origins.edge, paths: [hot], headers: bearer(lateToken), status: 200 },
  against: "a hot hit",
  goal: 0.8,
});
