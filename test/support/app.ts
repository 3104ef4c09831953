import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { Storage } from "../../src/cache/cache.ts";
import { cacheApiStorage } from "../../src/cache/cache-api.ts";
import type { Freshness } from "../../src/cache/freshness.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { swrCache } from "../../src/cache/swr.ts";
import { appWithCache, type SourcesAppOptions } from "../../src/gateway/app.ts";
import { type AnyStore, token } from "./store.ts";

type Limits = SourcesAppOptions<object>["limits"];

/** Seconds, of the app under test; what its answers may be served for. */
export const freshness = { fresh: 30, staleWhileRevalidate: 30, staleIfError: 86_400 };

/** The endpoint over a store, with a cache of its own and a clock that stands still until it is told. */
export function startApp(
  store: Pick<AnyStore, "open">,
  options: {
    storage?: Storage<StoredResponse>;
    authentikUrl?: SourcesAppOptions<object>["authentikUrl"];
    freshness?: Freshness;
    limits?: Limits;
    icons?: boolean;
    /** Shared with another app. */
    clock?: { now: number };
  } = {},
) {
  const { storage = cacheApiStorage(crypto.randomUUID()) } = options;
  const authentikUrl = "authentikUrl" in options ? options.authentikUrl : "https://authentik.example";
  const { clock = { now: Date.now() } } = options;
  const now = () => clock.now;
  const app = appWithCache<object>(
    {
      database: store.open,
      freshness: options.freshness ?? freshness,
      limits: options.limits,
      icons: options.icons,
      now,
      authentikUrl,
    },
    memoryCache(swrCache({ storage, now, logError: () => {} }), { now }),
  );
  const contexts: ExecutionContext[] = [];

  async function send(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
    const context = createExecutionContext();
    contexts.push(context);
    return app.fetch(new Request(`https://edge.example${path}`, { method, headers }), {}, context);
  }

  return {
    app,
    send,
    list: (query = "", headers: Record<string, string> = {}) =>
      send(`/sources/oauth/${query && `?${query}`}`, { Authorization: `Bearer ${token}`, ...headers }),
    /** Lets time go by, in seconds. */
    wait(seconds: number) {
      clock.now += seconds * 1000;
    },
    now,
    /** Until what goes on in the background has ended. */
    async settle() {
      await Promise.all(contexts.splice(0).map((context) => waitOnExecutionContext(context)));
    },
  };
}

/** What `Cache-Status` says after the cache's name. */
export const cacheStatus = (response: Response) =>
  response.headers.get("Cache-Status")?.replace("authentik-sources-edge; ", "");
