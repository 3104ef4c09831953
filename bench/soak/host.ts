import { Hono } from "hono";
import { type Cache, noCache } from "../../src/cache/cache.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { appWithCache } from "../../src/gateway/app.ts";
import { type Answer, readAnswer } from "./answer.ts";

/** A clock that stands still: what is fresh does not depend on how busy the machine is. */
export const now = () => Date.UTC(2026, 0, 1);

/** The endpoint over a store, at both of its base paths, as the Worker mounts it. */
export function createHost(storeUrl: string, cache: Cache<StoredResponse> | false) {
  const database = () => openLibsql({ url: storeUrl });
  const sources = appWithCache({ database, authentikUrl: "https://authentik.example", now }, cache || noCache());
  const host = new Hono().route("/", sources).route("/api/v3", sources);
  return async (path: string, token: string): Promise<Answer> =>
    readAnswer(await host.request(`https://edge.example${path}`, { headers: { Authorization: `Bearer ${token}` } }));
}
