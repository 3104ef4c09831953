import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import worker, { type Bindings } from "../../src/worker.ts";
import { type AnyStore, token } from "./store.ts";

/** What a Worker is sent has properties that a request of one's own has not; none of them is read here. */
const IncomingRequest = Request<unknown, IncomingRequestCfProperties>;

export const authentikUrl = "https://authentik.example";

/** Asks the Worker as it is deployed, over the given store. */
export function startWorker(store: Pick<AnyStore, "bindings">, variables: Bindings = {}) {
  const bindings: Bindings = { ...store.bindings, AUTHENTIK_URL: authentikUrl, EDGE_CACHE: "off", ...variables };

  async function send(path: string, init: Omit<RequestInit, "cf"> = {}): Promise<Response> {
    const context = createExecutionContext();
    const response = await worker.fetch(new IncomingRequest(`https://edge.example${path}`, init), bindings, context);
    await waitOnExecutionContext(context);
    return response;
  }

  /** Lists sources with a token that may. */
  const list = (query = "", headers: Record<string, string> = {}) =>
    send(`/sources/oauth/${query && `?${query}`}`, { headers: { Authorization: `Bearer ${token}`, ...headers } });

  return { send, list };
}
