import type { Context, Env } from "hono";
import { type ReadLookup, type SourcesAppOptions, sourcesApp } from "./app.ts";
import { type Cache, noCache } from "./cache/cache.ts";
import { cacheApiStorage } from "./cache/cache-api.ts";
import { memoryCache } from "./cache/memory.ts";
import type { StoredResponse } from "./cache/stored-response.ts";
import { swrCache } from "./cache/swr.ts";
import { workersCache } from "./cache/workers-cache.ts";
import { newApp } from "./http/app.ts";
import { crossOrigin } from "./http/cors.ts";
import { defaultHeaders } from "./http/default-headers.ts";
import { renderError } from "./http/errors.ts";
import { unknownPath } from "./http/help.ts";
import { hitLog, lineOf, requestLog } from "./http/log.ts";
import { otherMethods } from "./http/methods.ts";
import { webhook } from "./http/webhook.ts";
import { preparedReplies } from "./prepared-replies.ts";
import { readiness } from "./readiness.ts";
import type { EdgeCache, Settings } from "./settings.ts";

export interface GatewayOptions {
  settings: Settings;
  /** Reads a lookup, for a request that no cache has answered. */
  read: ReadLookup;
  limits: NonNullable<SourcesAppOptions<Env>["limits"]>;
  /** Asks for a run of the sync. Without it there is no webhook. */
  requestSync: (() => Promise<void>) | undefined;
}

export type Gateway = Required<Pick<ExportedHandler<object>, "fetch">>;

const caches: Record<EdgeCache, () => Cache<StoredResponse>> = {
  platform: () => memoryCache(workersCache()),
  "cache-api": () => memoryCache(swrCache({ storage: cacheApiStorage() })),
  off: () => noCache(),
};

/** What clients talk to: authenticates, validates, and reads through the cache. It is never cached itself. */
export function createGateway({ settings, read, limits, requestSync }: GatewayOptions): Gateway {
  const { edgeCache, authentikUrl, logHits, corsOrigins, sync } = settings;
  const prepared = preparedReplies({ limiter: limits.token, now: Date.now });
  const sources = sourcesApp({ read, cache: caches[edgeCache](), prepared, authentikUrl, limits });
  const readReady = (c: Context) => read({ kind: "ready" }, c);

  const app = newApp()
    .onError(renderError)
    .notFound(() => renderError(unknownPath))
    .use(requestLog({ hits: logHits }), defaultHeaders, crossOrigin(corsOrigins))
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", readiness({ read: readReady, maxAgeSeconds: sync.maxAgeSeconds, problem: sync.problem }))
    .all("/healthz", otherMethods)
    .all("/readyz", otherMethods)
    .all(
      "/hooks/authentik",
      webhook({ secret: sync.hookSecret, onCall: requestSync, limiter: limits.address, problem: sync.problem }),
    )
    .route("/", sources)
    .route("/api/v3", sources);

  // Where pages of other origins may read, replies have more headers: all go through the app.
  if (corsOrigins.length > 0) return app;
  const logHit = hitLog({ hits: logHits });
  return {
    fetch(request, env, context) {
      const found = prepared.find(request);
      if (!found) return app.fetch(request, env, context);
      const { response, principal } = found;
      logHit(() => ({
        ...lineOf(request.method, new URL(request.url).pathname, response),
        store: 0,
        ms: 0,
        token: principal.id,
      }));
      return response;
    },
  };
}

/** Answers as the contract says where nothing can be built, since the configuration is wrong. */
export const misconfigured = (error: unknown): Gateway =>
  newApp()
    .onError(renderError)
    .all("*", () => {
      throw error;
    });
