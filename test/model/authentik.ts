import type { World } from "./world.ts";

/** What authentik does with a reader of its API. */
export type Mood = "well" | "slow" | "fails" | "is empty" | "is cut short" | "hangs";

export interface Source {
  pk: string;
  slug: string;
  name: string;
  enabled: boolean;
}

export const syncToken = "a-token-of-authentik";
export const upstreamSecret = "hunter2";

const pkOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** A row as authentik sends it, with its secrets. */
const rowOf = (source: Source) => ({
  ...source,
  provider_type: "github",
  consumer_key: "key",
  consumer_secret: upstreamSecret,
});

/** What a list is known by: each of its sources, by `pk`. */
export const essenceOf = (sources: Source[]): string =>
  sources
    .map(({ pk, slug, name, enabled }) => JSON.stringify([pk, slug, name, enabled]))
    .sort()
    .join();

export const essenceOfDocuments = (documents: string[]): string =>
  essenceOf(documents.map((document) => JSON.parse(document)));

/** The sources of authentik, each of their versions by number, and an API that gives them. */
export function createAuthentik(world: World) {
  const look = { mood: "well" as Mood };
  let sources: Source[] = [];
  let made = 0;
  /** By its essence, the number of the last version that was so. */
  const versions = new Map<string, number>();
  let version = 0;

  function change(next: Source[]): void {
    sources = next;
    versions.set(essenceOf(sources), ++version);
  }

  /** No name comes twice, so that each version is another. */
  const nameOf = (letter: string) => `${letter.toUpperCase()} ${String(++made).padStart(4, "0")}`;
  const add = (slug: string) =>
    change([...sources, { pk: pkOf(++made), slug, name: nameOf(slug), enabled: made % 2 === 0 }]);

  const json = { "Content-Type": "application/json" };
  async function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const url = String(input);
    const mood = look.mood;
    if (mood === "hangs") {
      return new Promise<never>((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    }
    if (mood === "slow") await world.sleep(1_500);
    const answer = await world.leave("authentik", () => {
      if (url.includes("source_types")) return new Response(null, { status: 404 });
      if (mood === "fails") return new Response("busy", { status: 500 });
      const rows = mood === "is empty" ? [] : sources.map(rowOf);
      const count = rows.length;
      const pagination = { next: 0, previous: 0, count, current: 1, total_pages: 1, start_index: 1, end_index: count };
      const body = JSON.stringify({ pagination, results: rows });
      return new Response(mood === "is cut short" ? body.slice(0, -20) : body, { headers: json });
    });
    if (mood === "slow") await world.sleep(1_500);
    return world.leave("authentik's answer", () => answer);
  }

  for (const slug of ["a", "b", "c"]) add(slug);
  return {
    become: (mood: Mood) => {
      look.mood = mood;
    },
    fetch,
    versions,
    version: () => version,
    rows: () => sources.map(rowOf),
    slugs: () => sources.map(({ slug }) => slug),
    /** Those that a person does there; each leaves one source at least. */
    add: (slug: string) => (sources.some((source) => source.slug === slug) ? undefined : add(slug)),
    remove: (slug: string) => {
      const rest = sources.filter((source) => source.slug !== slug);
      if (rest.length > 0 && rest.length < sources.length) change(rest);
    },
    rename: (slug: string) =>
      change(sources.map((source) => (source.slug === slug ? { ...source, name: nameOf(slug) } : source))),
    toggle: (slug: string) =>
      change(sources.map((source) => (source.slug === slug ? { ...source, enabled: !source.enabled } : source))),
    /** Two sources swap their slugs. */
    swap: () => {
      const [first, second, ...others] = sources;
      if (!first || !second) return;
      change([{ ...first, slug: second.slug }, { ...second, slug: first.slug }, ...others]);
    },
  };
}
