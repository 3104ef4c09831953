import { expect } from "vitest";
import { openLibsql } from "../../src/db/libsql.ts";
import { syncSources } from "../../src/sync/run.ts";
import { startLibsqlBridge } from "../../tools/libsql-bridge.ts";
import { createFileStore } from "./sync-store.ts";
import { generateSources, pageOf, sendJson, startUpstream } from "./upstream.ts";

/** Time is no matter: the machine may be busy. */
export const never = () => new AbortController().signal;

/** An empty store, served, and an authentik that has sources of a name, a thousand a page. */
export async function startLargeSync() {
  const { file } = await createFileStore();
  const server = await startLibsqlBridge({ file });
  const upstream = await startUpstream();

  function serve(name: string, count: number) {
    const rows = generateSources(count, name);
    const pages = Array.from({ length: Math.ceil(count / 1_000) }, (_, i) => JSON.stringify(pageOf(rows, i + 1)));
    upstream.behaviour = (response, { page }) => sendJson(response, pages[page - 1] ?? "");
  }

  async function sync(through: typeof fetch) {
    const db = openLibsql({ url: server.url, fetch: through, timeout: never });
    const run = await syncSources(db, { upstream: upstream.origin, token: "t", icons: true, fetch: through });
    expect(run.error).toBe(null);
  }

  return {
    url: server.url,
    serve,
    sync,
    async close() {
      await server.close();
      await upstream.close();
    },
  };
}

/** How many requests a run makes, of authentik and of the store, where nothing has changed and where all has. */
export async function countRequests(count: number) {
  const { serve, sync, close } = await startLargeSync();
  const requestsOf = async (name: string) => {
    serve(name, count);
    let requests = 0;
    await sync((...args) => {
      requests++;
      return fetch(...args);
    });
    return requests;
  };
  await requestsOf("Old");
  const counted = { unchanged: await requestsOf("Old"), changed: await requestsOf("New") };
  await close();
  return counted;
}
