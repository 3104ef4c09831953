import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { cacheApiStorage } from "../../src/cache/cache-api.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { swrCache } from "../../src/cache/swr.ts";
import { createGateway, type GatewayOptions } from "../../src/gateway/gateway.ts";
import { readSettings, type Variables } from "../../src/settings.ts";
import { readStore } from "../../src/store/routes.ts";
import { type AnyStore, token } from "./store.ts";

/** The gateway over a store, with a cache of its own and a clock that stands still until it is told. */
export function startGateway(
  store: Pick<AnyStore, "open">,
  {
    clock = { now: Date.now() },
    limits = {},
    variables = {},
  }: { clock?: { now: number }; limits?: GatewayOptions["limits"]; variables?: Variables } = {},
) {
  const now = () => clock.now;
  const settings = readSettings({ AUTHENTIK_URL: "https://authentik.example", LOG_HITS: "1", ...variables });
  const { freshness, tokenGraceSeconds } = settings;
  const storage = cacheApiStorage(crypto.randomUUID());
  const gateway = createGateway({
    settings,
    read: (key) => readStore(key, { database: store.open, freshness, tokenGraceSeconds, now }),
    store: "libsql",
    limits,
    requestSync: undefined,
    cache: memoryCache(swrCache({ storage, now, logError: () => {} }), { now }),
    now,
  });

  async function send(path: string, headers: HeadersInit = {}, method = "GET"): Promise<Response> {
    const context = createExecutionContext();
    const url = path.startsWith("/") ? `https://edge.example${path}` : path;
    const request = new Request<unknown, IncomingRequestCfProperties>(url, { method, headers });
    const response = await gateway.fetch(request, {}, context);
    await waitOnExecutionContext(context);
    return response;
  }

  return {
    send,
    list: (query = "", headers: Record<string, string> = {}) =>
      send(`/sources/oauth/${query && `?${query}`}`, { Authorization: `Bearer ${token}`, ...headers }),
    /** Lets time go by, in seconds. */
    wait(seconds: number) {
      clock.now += seconds * 1000;
    },
    now,
  };
}
