import { random } from "./generate.ts";
import type { Load, Peer } from "./measure.ts";
import { say } from "./progress.ts";

/** Where each Worker of the bench listens. */
export type Origins = Record<
  "edge" | "logged" | "uncached" | "stale" | "constant" | "match" | "raw-post" | "plain" | "bare",
  string
>;

/** Another version of the Worker, over a store of its own. */
export interface Before {
  cached: Peer;
  uncached: Peer;
}

export interface Scenario {
  name: string;
  subject: Load;
  /** What it is measured against, and what that is called. */
  base: Load;
  against: string;
  /** The ratio that we want. */
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

const hit: Omit<Load, "origin"> = { paths: [hot], headers, status: 200 };
const miss = (rows: number): Omit<Load, "origin"> => ({ paths: [page(rows)], headers, status: 200 });
const refusals: Record<string, Omit<Load, "origin">> = {
  "403, no token": { ...hit, headers: {}, status: 403 },
  "403, malformed": { ...hit, headers: { Authorization: "Bearer" }, status: 403 },
  "400": { ...hit, paths: [list("page=0")], status: 400 },
};

/** Four times what an isolate keeps in memory: a hit comes from the Cache API. */
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

/** Bodies of the sizes that the edge's pages have, by a Worker that does nothing else. */
async function constantBodies(origins: Origins, paths: string[]): Promise<Load> {
  const sizes = new Map<string, number>();
  for (const path of new Set(paths)) {
    const answer = await fetch(origins.edge + path, { headers });
    sizes.set(path, (await answer.text()).length);
  }
  return { origin: origins.constant, paths: paths.map((path) => `/${sizes.get(path)}`), status: 200 };
}

/** Against the floors: what the same work costs where nothing else is done. */
export async function floorScenarios(origins: Origins): Promise<Scenario[]> {
  const answer = await fetch(origins.edge + hot, { headers });
  const size = (await answer.text()).length;
  for (const [i, path] of manyPages.entries()) {
    if (i % 500 === 0) say(`filling the cache: ${i} of ${manyPages.length} pages`);
    await fetch(origins.edge + path, { headers });
  }
  const edge = { ...hit, origin: origins.edge };
  const pages = skewed();
  const notModified = { ...headers, "If-None-Match": answer.headers.get("ETag") ?? "" };
  const uncached = (rows: number): Load => ({ ...miss(rows), origin: origins.uncached });
  const rawPost = (rows: number): Load => ({ origin: origins["raw-post"], paths: [`/${rows}`], status: 200 });
  return [
    {
      name: "hot hit",
      subject: edge,
      base: await constantBodies(origins, [hot]),
      against: "a constant body",
      goal: 0.9,
    },
    {
      name: "hits, 200 pages, skewed",
      subject: { ...edge, paths: pages },
      base: await constantBodies(origins, pages),
      against: "200 constant bodies",
      goal: 0.75,
    },
    {
      name: "hit in the Cache API",
      subject: { ...edge, paths: manyPages },
      base: { origin: origins.match, paths: manyPages.map((_, i) => `/${size}/${i}`), status: 200 },
      against: "a bare match",
      goal: 0.8,
    },
    {
      name: "304",
      subject: { ...edge, headers: notModified, status: 304 },
      base: edge,
      against: "a hot hit",
      goal: 1,
    },
    { name: "hot hit, each logged", subject: { ...edge, origin: origins.logged }, base: edge, against: "a hot hit" },
    ...Object.entries(refusals).map(
      ([name, load]): Scenario => ({
        name,
        subject: { ...load, origin: origins.edge },
        base: edge,
        against: "a hot hit",
      }),
    ),
    { name: "miss, 12 rows", subject: uncached(12), base: rawPost(12), against: "a raw POST", goal: 0.56 },
    { name: "miss, 100 rows", subject: uncached(100), base: rawPost(100), against: "a raw POST", goal: 0.65 },
    {
      name: "miss, 12 rows",
      subject: uncached(12),
      base: { ...uncached(12), origin: origins.plain },
      against: "the plain peer",
      goal: 1.5,
    },
  ];
}

/** Against the Worker as it was at another commit. */
export function beforeScenarios(origins: Origins, { cached, uncached }: Before): Scenario[] {
  const against = "before";
  const compared = (name: string, load: Omit<Load, "origin">, goal?: number): Scenario => ({
    name,
    subject: { ...load, origin: origins.edge },
    base: { ...load, ...cached },
    against,
    ...(goal !== undefined && { goal }),
  });
  const missed = (rows: number, goal: number): Scenario => ({
    name: `miss, ${rows} rows`,
    subject: { ...miss(rows), origin: origins.uncached },
    base: { ...miss(rows), ...uncached },
    against,
    goal,
  });
  return [
    compared("hot hit", hit),
    ...Object.entries(refusals).map(([name, load]) => compared(name, load, 1)),
    missed(12, 1),
    missed(100, 1),
  ];
}

/** Against authentik's own stack, where the machine has it; the floor too, since no hit can be faster than it. */
export async function djangoScenarios(origins: Origins, django: Peer): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  for (const rows of [12, 100]) {
    const base = { ...miss(rows), ...django };
    const against = "Django";
    scenarios.push(
      { name: `a constant body, ${rows} rows`, subject: await constantBodies(origins, [page(rows)]), base, against },
      { name: `hot hit, ${rows} rows`, subject: { ...miss(rows), origin: origins.edge }, base, against },
      { name: `miss, ${rows} rows`, subject: { ...miss(rows), origin: origins.uncached }, base, against },
    );
  }
  return scenarios;
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
