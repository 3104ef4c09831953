import { type Freshness, readCacheControl } from "../../src/cache/freshness.ts";
import type { World } from "./world.ts";

interface Entry {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** When its request was sent: the age counts from there (RFC 9111, section 4.2.3). */
  sentAt: number;
  freshness: Freshness;
  /** Marked stale by its tag. */
  isInvalid: boolean;
}

type Origin = (request: Request) => Promise<Response>;

/**
 * Workers Cache of one place by its documentation: keyed by URL, collapses misses, serves stale while it revalidates and where the
 * origin fails, and marks entries stale by their tag.
 */
export function createWorkersCache(world: World, name: string) {
  const entries = new Map<string, Entry>();
  const loads = new Map<string, Promise<Response>>();
  const marks = new Map<string, number>();
  const platform = { name: `${name} Sources`, isOver: () => false };

  const give = (entry: Entry, status: string) =>
    new Response(entry.body, { status: entry.status, headers: { ...entry.headers, "Cf-Cache-Status": status } });

  async function load(request: Request, origin: Origin): Promise<Response> {
    const sentAt = world.at();
    const response = await origin(request);
    const freshness = readCacheControl(response.headers.get("Cache-Control"));
    const body = await response.text();
    const { "cache-tag": tag = "", ...headers } = Object.fromEntries(response.headers);
    if (freshness) {
      const { status } = response;
      // A load that began before its tag was marked is no newer than the mark.
      const isInvalid = (marks.get(tag) ?? Number.NEGATIVE_INFINITY) >= sentAt;
      entries.set(request.url, { status, headers: { ...headers, tag }, body, sentAt, freshness, isInvalid });
    }
    return new Response(body, { status: response.status, headers: { ...headers, "Cf-Cache-Status": "MISS" } });
  }

  /** One at a time for each key, on nobody's behalf. */
  async function loadOnce(request: Request, origin: Origin): Promise<Response> {
    const underWay = loads.get(request.url) ?? world.as(platform, () => load(request, origin));
    loads.set(request.url, underWay);
    try {
      return (await underWay).clone();
    } finally {
      if (loads.get(request.url) === underWay) loads.delete(request.url);
    }
  }

  return {
    canServe(key: string): boolean {
      const entry = entries.get(key);
      if (!entry) return false;
      const { fresh, staleIfError } = entry.freshness;
      return world.at() - entry.sentAt < (fresh + staleIfError - 30) * 1000;
    },
    keys: () => [...entries.keys()].filter((key) => key.includes("/sources/")),
    async fetch(request: Request, origin: Origin): Promise<Response> {
      const entry = await world.leave("Workers Cache", () => entries.get(request.url));
      if (!entry) return loadOnce(request, origin);
      const { fresh, staleWhileRevalidate, staleIfError } = entry.freshness;
      const age = (world.at() - entry.sentAt) / 1000;
      if (age < fresh && !entry.isInvalid) return give(entry, "HIT");
      if (age < fresh + staleWhileRevalidate) {
        loadOnce(request, origin).catch(() => undefined);
        return give(entry, "UPDATING");
      }
      const response = await loadOnce(request, origin);
      return response.status >= 500 && age < fresh + staleIfError ? give(entry, "STALE") : response;
    },
    invalidate(tag: string) {
      marks.set(tag, world.at());
      for (const entry of entries.values()) if (entry.headers.tag === tag) entry.isInvalid = true;
    },
  };
}
