import type { World } from "./world.ts";

interface Entry {
  body: string;
  headers: Record<string, string>;
  until: number;
}

export type DataCentre = ReturnType<typeof createDataCentre>;

/** What becomes of an entry of the Cache API: lost, or no longer what the code wrote. */
export const damages = ["lost", "no status", "another status", "from the future", "no freshness"] as const;
export type Damage = (typeof damages)[number];

const damaged: Record<Exclude<Damage, "lost">, (headers: Record<string, string>, now: number) => void> = {
  "no status": (headers) => Reflect.deleteProperty(headers, "x-status"),
  "another status": (headers) => Object.assign(headers, { "x-status": "302" }),
  "from the future": (headers, now) => Object.assign(headers, { "x-generated-at": String(now + 3_600_000) }),
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

/** The Cache API of one data centre, which its isolates share: it goes by `max-age` alone, and may take its time. */
export function createDataCentre(world: World, name: string) {
  const entries = new Map<string, Entry>();
  const look = { putMs: 0 };

  const cache = {
    async match(key: string): Promise<Response | undefined> {
      return world.leave("the cache", () => {
        const entry = entries.get(key);
        return entry && world.at() < entry.until ? new Response(entry.body, { headers: entry.headers }) : undefined;
      });
    },
    async put(key: string, response: Response): Promise<void> {
      const body = await response.text();
      const headers = Object.fromEntries(response.headers);
      const seconds = Number(/max-age=(\d+)/.exec(headers["cache-control"] ?? "")?.[1] ?? 0);
      if (look.putMs > 0) await world.sleep(look.putMs);
      await world.leave("a put", () => entries.set(key, { body, headers, until: world.at() + seconds * 1000 }));
    },
  };

  return {
    name,
    cache,
    becomeSlow: (ms: number) => {
      look.putMs = ms;
    },
    keys: () => entries.keys(),
    /** Whether what it has of a key may be served for some time yet, should the store fail. */
    canServe: (key: string) => canServe(entries.get(key)?.headers, world.now()),
    damage(kind: Damage) {
      for (const { headers } of entries.values()) if (kind !== "lost") damaged[kind](headers, world.now());
      if (kind === "lost") entries.clear();
    },
  };
}
