import type { World } from "./world.ts";

/** What the code under test asks of a cache, and `delete`. */
export type KeptCache = Pick<Cache, "match" | "put" | "delete">;

interface Entry {
  headers: Record<string, string>;
  until: number;
}

export type DataCentre = ReturnType<typeof createDataCentre>;

/** What becomes of an entry of the Cache API: lost, or no longer what the code wrote. */
export const damages = ["lost", "no status", "another status", "from the future", "no freshness"] as const;
export type Damage = (typeof damages)[number];

/** Longer than any history, or what is dated ahead would be right in the end. */
const aheadMs = 10 * 365 * 86_400_000;

const damaged: Record<Exclude<Damage, "lost">, (headers: Record<string, string>, now: number) => void> = {
  "no status": (headers) => Reflect.deleteProperty(headers, "x-status"),
  "another status": (headers) => Object.assign(headers, { "x-status": "302" }),
  "from the future": (headers, now) => Object.assign(headers, { "x-generated-at": String(now + aheadMs) }),
  "no freshness": (headers) => Reflect.deleteProperty(headers, "x-cache-control"),
};

/** As long as a request may take. */
const marginMs = 30_000;

function canServe(headers: Record<string, string> = {}, now: number): boolean {
  const { "x-generated-at": generatedAt, "x-cache-control": control = "", "x-status": status = "" } = headers;
  const seconds = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(control)?.[1] ?? 0);
  const isOurs = status === "200" || status === "404";
  const left = Number(generatedAt) + (seconds("max-age") + seconds("stale-if-error")) * 1000 - now;
  return isOurs && Number(generatedAt) <= now && left > marginMs;
}

/** A Cache API, where there is none. */
export function createMemoryCache(): KeptCache {
  const entries = new Map<unknown, { body: string; headers: Headers }>();
  return {
    async match(key) {
      const entry = entries.get(key);
      return entry && new Response(entry.body, entry);
    },
    async put(key, response) {
      entries.set(key, { body: await response.text(), headers: response.headers });
    },
    delete: async (key) => entries.delete(key),
  };
}

/**
 * The Cache API of one data centre, which its isolates share: it goes by `max-age` alone, and may take its time.
 * @param kept has the entries, and need know nothing of the world's time
 */
export function createDataCentre(world: World, kept: KeptCache) {
  const entries = new Map<string, Entry>();
  const look = { putMs: 0 };

  async function forget(key: string): Promise<void> {
    entries.delete(key);
    await kept.delete(key);
  }

  const cache = {
    async match(key: string): Promise<Response | undefined> {
      return world.leave("the cache", async () => {
        const entry = entries.get(key);
        if (entry && world.at() >= entry.until) await forget(key);
        return kept.match(key);
      });
    },
    async put(key: string, response: Response): Promise<void> {
      const body = await response.text();
      const headers = Object.fromEntries(response.headers);
      const seconds = Number(/max-age=(\d+)/.exec(headers["cache-control"] ?? "")?.[1] ?? 0);
      if (look.putMs > 0) await world.sleep(look.putMs);
      await world.leave("a put", async () => {
        await kept.put(key, new Response(body, { headers }));
        entries.set(key, { headers, until: world.at() + seconds * 1000 });
      });
    },
  };

  return {
    cache,
    becomeSlow: (ms: number) => {
      look.putMs = ms;
    },
    keys: () => entries.keys(),
    /** Whether what it has of a key may be served for some time yet, should the store fail. */
    canServe: (key: string) => canServe(entries.get(key)?.headers, world.now()),
    async damage(kind: Damage) {
      for (const [key, { headers }] of [...entries]) {
        if (kind === "lost") await forget(key);
        else {
          damaged[kind](headers, world.now());
          const body = await (await kept.match(key))?.text();
          if (body !== undefined) await kept.put(key, new Response(body, { headers }));
        }
      }
    },
  };
}
