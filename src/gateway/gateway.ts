import { type Cache, noCache } from "../cache/cache.ts";
import { cacheApiStorage } from "../cache/cache-api.ts";
import type { Bounds } from "../cache/lru.ts";
import { imageBounds, memoryCache } from "../cache/memory.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import { swrCache } from "../cache/swr.ts";
import type { StoreKind } from "../db/database.ts";
import { bearerAuth } from "../http/bearer.ts";
import { waitUntilOf } from "../http/context.ts";
import { crossOrigin } from "../http/cors.ts";
import { defaultHeaders } from "../http/default-headers.ts";
import { renderError, throttled } from "../http/errors.ts";
import { unknownPath } from "../http/help.ts";
import { otherMethods } from "../http/methods.ts";
import { clientNetwork, countRequest, isWithin, limitByToken } from "../http/rate-limit.ts";
import { newApp } from "../http/router.ts";
import type { EdgeCache, Settings } from "../settings.ts";
import { issuerKeysKey, readyKey, statusKey } from "../store/key.ts";
import { jwtOrElse, jwtVerifier } from "../tokens/jwt.ts";
import type { TokenVerifier } from "../tokens/verify.ts";
import { type ReadKey, sourcesApp, storeVerifier } from "./app.ts";
import { type HotHit, hotPath } from "./hot-path.ts";
import { iconsApp } from "./icons.ts";
import { logRequests, requestLog } from "./log.ts";
import { readiness } from "./readiness.ts";
import { status } from "./status.ts";
import { webhook } from "./webhook.ts";

/** Asks a limit that needs no request. */
export type KeyLimiter = (key: string) => Promise<boolean>;

export interface GatewayOptions {
  settings: Settings;
  /** Reads what no cache here has. */
  read: ReadKey;
  /** The kind of the store that is read. */
  store: StoreKind;
  limits: { address?: KeyLimiter | undefined; token?: KeyLimiter | undefined };
  /** Asks for a run of the sync. Without it there is no webhook. */
  requestSync: (() => Promise<void>) | undefined;
  /** @default what the settings name, and one of its own for the images of icons */
  cache?: Cache<StoredResponse>;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

export type Gateway = Required<Pick<ExportedHandler<object>, "fetch">>;

/** Workers Cache stands in front of `Sources`, and does the rest by itself: it is tiered, collapses misses and serves stale answers. */
const platformCache: Cache<StoredResponse> = { get: (_key, load) => load() };

const caches: Record<EdgeCache, (now: () => number, bounds?: Bounds) => Cache<StoredResponse>> = {
  platform: (now, bounds) => memoryCache(platformCache, { now, bounds }),
  "cache-api": (now, bounds) => memoryCache(swrCache({ storage: cacheApiStorage(), now }), { now, bounds }),
  off: () => noCache(),
};

/** What clients talk to: authenticates, validates, and reads through the cache. It is never cached itself. */
export function createGateway(options: GatewayOptions): Gateway {
  const { settings, read, store, limits, requestSync, now = Date.now } = options;
  const { edgeCache, authentikUrl, corsOrigins, sync } = settings;
  const { cache = caches[edgeCache](now) } = options;
  const images = options.cache ?? caches[edgeCache](now, imageBounds);
  const log = requestLog({ hits: settings.logHits });
  const verifier = verifierOf(options);
  const hot = hotPath({ peekToken: verifier.peek, cache, now });
  const verifyToken = verifier.verify;
  const sources = sourcesApp({ read, verifyToken, cache, authentikUrl, limits, now, onKey: hot.remember });

  const app = newApp()
    .onError(renderError)
    .notFound(() => renderError(unknownPath))
    .use(logRequests(log, now), defaultHeaders)
    // Before what lets pages of some origins read: icons are for those of any.
    .route("/", iconsApp({ read, cache, images, limiter: limits.address, isDeployed: true, now }))
    .use(crossOrigin(corsOrigins))
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get(
      "/readyz",
      readiness({
        read: (c) => read(readyKey, c),
        store,
        maxAgeSeconds: sync.maxAgeSeconds,
        problem: sync.problem,
        now,
      }),
    )
    .get(
      "/status",
      bearerAuth(verifyToken),
      limitByToken(limits.token),
      status({
        read: (c) => read(statusKey, c),
        problem: sync.problem,
        configured: {
          AUTHENTIK_TOKEN: sync.token,
          AUTHENTIK_URL: authentikUrl,
          SYNC_HOOK_SECRET: sync.hookSecret,
          SYNC_RUNNER: requestSync,
          TOKEN_LIMIT: limits.token,
          ADDRESS_LIMIT: limits.address,
        },
      }),
    )
    .all("/healthz", otherMethods)
    .all("/readyz", otherMethods)
    .all("/status", otherMethods)
    .all(
      "/hooks/authentik",
      webhook({ secret: sync.hookSecret, onCall: requestSync, limiter: limits.address, problem: sync.problem }),
    )
    .route("/", sources)
    .route("/api/v3", sources);

  // With CORS on, replies vary by origin, so the hot path is off.
  if (corsOrigins.length > 0) return app;

  function answer(request: Request, response: Response, { principal }: HotHit): Response {
    log(request.method, new URL(request.url).pathname, response, { store: 0, ms: 0, token: principal.id });
    return response;
  }

  return {
    fetch(request, env, context) {
      const hit = hot.find(request);
      if (!hit) return app.fetch(request, env, context);
      const { token: limit } = limits;
      if (!limit) return answer(request, hit.response, hit);
      return isWithin(() => limit(hit.principal.id)).then((isFine) =>
        answer(request, isFine ? hit.response : renderError(throttled), hit),
      );
    },
  };
}

/** The store's tokens, and those of the issuers that are configured. */
function verifierOf({ settings: { oidc }, read, limits, now = Date.now }: GatewayOptions): TokenVerifier {
  const byStore = storeVerifier({ read, limits, now });
  if (oidc.issuers.length === 0) return byStore;
  const byKeys = jwtVerifier({
    ...oidc,
    readKeys: (issuer, c) => read(issuerKeysKey(issuer), c),
    beforeCheck: (c) => countRequest(limits.address, clientNetwork(c), c),
    waitUntil: waitUntilOf,
    now,
  });
  return jwtOrElse(byKeys, byStore);
}

/** Answers as the contract says where nothing can be built, since the configuration is wrong. */
export const misconfigured = (error: unknown): Gateway =>
  newApp()
    .onError(renderError)
    .all("*", () => {
      throw error;
    });
