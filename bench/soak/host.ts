import { Hono } from "hono";
import { type Cache, noCache } from "../../src/cache/cache.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { openLibsql } from "../../src/db/libsql.ts";
import { appWithCache } from "../../src/gateway/app.ts";
import { jwtVerifier, looksLikeJwt } from "../../src/tokens/jwt.ts";
import { createSigningKey } from "../../test/support/jwt.ts";
import { type Answer, readAnswer } from "./answer.ts";

/** A clock that stands still: what is fresh does not depend on how busy the machine is. */
export const now = () => Date.UTC(2026, 0, 1);

const issuer = "https://authentik.example/application/o/soak/";
const audience = "client-of-the-soak";
const key = await createSigningKey("ES256", "soak");
const keys = { status: 200, headers: {}, body: JSON.stringify({ keys: [key.jwk] }) };

/** A token of the issuer, which every host here takes. */
export const goodJwt = (): Promise<string> =>
  key.sign({ iss: issuer, aud: audience, azp: audience, sub: "soak", exp: now() / 1000 + 300 });

/** By the issuer's keys, as the Worker has them of its store. */
const createJwtVerifier = () =>
  jwtVerifier({
    issuers: [{ issuer, audience }],
    readKeys: async () => ({
      value: keys,
      generatedAt: now(),
      freshness: { fresh: 55, staleWhileRevalidate: 0, staleIfError: 86_400 },
      status: "bypass",
    }),
    waitUntil: () => () => {},
    now,
    log: () => {},
  });

/** The endpoint over a store, at both of its base paths, as the Worker mounts it. */
export function createHost(storeUrl: string, cache: Cache<StoredResponse> | false) {
  const jwt = createJwtVerifier();
  const options: Parameters<typeof appWithCache>[0] = {
    database: () => openLibsql({ url: storeUrl }),
    authentikUrl: "https://authentik.example",
    verifyToken: (token, c, byStore) => (looksLikeJwt(token) ? jwt.verify(token, c) : byStore(token)),
    now,
  };
  const sources = appWithCache(options, cache || noCache());
  const host = new Hono().route("/", sources).route("/api/v3", sources);
  return async (path: string, token: string): Promise<Answer> =>
    readAnswer(await host.request(`https://edge.example${path}`, { headers: { Authorization: `Bearer ${token}` } }));
}
