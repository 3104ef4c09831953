import fc from "fast-check";
import { Context } from "hono";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Unavailable } from "../../src/base/unavailable.ts";
import { jwtVerifier, longestJwt, looksLikeJwt } from "../../src/tokens/jwt.ts";
import { runs } from "../support/dose.ts";
import { type Algorithm, createSigningKey, encodePart, type SigningKey } from "../support/jwt.ts";

const issuer = "https://authentik.example/application/o/portal/";
const audience = "client-of-the-portal";
const other = { issuer: "https://authentik.example/application/o/other/", audience: "client-of-other" };
const start = Date.UTC(2026, 10, 1) / 1000;
const context = new Context(new Request("https://edge.example"));

let rsa: SigningKey;
let ec: SigningKey;
let ed: SigningKey;
let stranger: SigningKey;

beforeAll(async () => {
  [rsa, ec, ed, stranger] = await Promise.all([
    createSigningKey("RS256", "rsa"),
    createSigningKey("ES256", "ec"),
    createSigningKey("EdDSA", "ed"),
    createSigningKey("RS256", "rsa"),
  ]);
});

/** As authentik makes an access token. */
const access = { iss: issuer, sub: "ak-user", aud: audience, azp: audience, iat: start, exp: start + 300, uid: "x" };

function startVerifier({ scope, limit = async () => {} }: { scope?: string; limit?: () => Promise<void> } = {}) {
  const clock = { now: start * 1000 };
  const state = { keys: [rsa.jwk, ec.jwk, ed.jwk] as object[], isUp: true };
  const readKeys = vi.fn(async (asked: string) => {
    if (!state.isUp) throw new Unavailable("the store is down");
    const keys = asked === issuer ? state.keys : [];
    return {
      value: { status: 200, headers: {}, body: JSON.stringify({ keys }) },
      generatedAt: clock.now,
      freshness: { fresh: 55, staleWhileRevalidate: 0, staleIfError: 86_400 },
      status: "bypass" as const,
    };
  });
  const log = vi.fn();
  const beforeCheck = vi.fn(limit);
  const verifier = jwtVerifier({
    issuers: [{ issuer, audience }, other],
    scope,
    readKeys,
    beforeCheck,
    waitUntil: () => () => {},
    now: () => clock.now,
    log,
  });
  return {
    verifier,
    verify: (token: string) => verifier.verify(token, context),
    clock,
    state,
    readKeys,
    log,
    beforeCheck,
  };
}

describe("a JWT", () => {
  it.each<[Algorithm, () => SigningKey]>([
    ["RS256", () => rsa],
    ["ES256", () => ec],
    ["EdDSA", () => ed],
  ])("of an issuer's own key is good (%s), and is then known without a promise", async (_, key) => {
    const { verify, verifier, readKeys, beforeCheck } = startVerifier();
    const token = await key().sign(access);
    expect(verifier.peek(token)).toBeUndefined();
    const principal = await verify(token);
    expect(principal).toMatchObject({ mayViewSources: true, id: expect.stringMatching(/^jwt:[0-9a-f]{16}$/) });
    expect(verifier.peek(token)).toEqual(principal);
    await verify(token);
    expect([readKeys.mock.calls.length, beforeCheck.mock.calls.length]).toEqual([1, 1]);
  });

  it("expires at its second, and is remembered no longer than its keys are fresh", async () => {
    const { verify, verifier, clock, readKeys } = startVerifier();
    const token = await rsa.sign({ ...access, exp: start + 60 });
    await verify(token);
    clock.now += 54_999;
    expect(verifier.peek(token)).toBeDefined();
    clock.now += 1;
    expect(verifier.peek(token)).toBeUndefined();
    expect(await verify(token)).not.toBeNull();
    expect(readKeys).toHaveBeenCalledTimes(2);
    clock.now = (start + 60) * 1000 - 1;
    expect(await verify(token)).not.toBeNull();
    clock.now += 1;
    expect([verifier.peek(token), await verify(token)]).toEqual([undefined, null]);
  });

  it.each<[string, (key: SigningKey) => string | Promise<string>]>([
    ["no exp", (key) => key.sign({ ...access, exp: undefined })],
    ["an exp that is text", (key) => key.sign({ ...access, exp: String(access.exp) })],
    ["an exp that is no number", (key) => key.sign({ ...access, exp: null })],
    ["an exp that is over", (key) => key.sign({ ...access, exp: start })],
    ["an nbf ahead", (key) => key.sign({ ...access, nbf: start + 61 })],
    ["an iat ahead", (key) => key.sign({ ...access, iat: start + 61 })],
    ["an iat that is text", (key) => key.sign({ ...access, iat: "soon" })],
    ["another audience", (key) => key.sign({ ...access, aud: "someone-else" })],
    ["the audience of another issuer", (key) => key.sign({ ...access, aud: other.audience, azp: other.audience })],
    ["no audience", (key) => key.sign({ ...access, aud: undefined })],
    ["another issuer", (key) => key.sign({ ...access, iss: "https://evil.example/" })],
    [
      "the other issuer, whose key it has not",
      (key) => key.sign({ ...access, iss: other.issuer, aud: other.audience, azp: other.audience }),
    ],
    ["no issuer", (key) => key.sign({ ...access, iss: undefined })],
    ["an issuer that is a list", (key) => key.sign({ ...access, iss: [issuer] })],
    ["no azp, as an ID token", (key) => key.sign({ ...access, azp: undefined, nonce: "n" })],
    ["the azp of another client", (key) => key.sign({ ...access, azp: "someone-else" })],
    ["a kid that is not known", (key) => key.sign(access, { kid: "nobody" })],
    ["no kid", (key) => key.sign(access, { kid: undefined })],
    ["the kid of another key", (key) => key.sign(access, { kid: "ec" })],
    ["crit", (key) => key.sign(access, { crit: ["exp"] })],
    ["typ at+jwt", (key) => key.sign(access, { typ: "at+jwt" })],
    ["the key of a stranger", () => stranger.sign(access)],
    ["a key of its own in the header", () => stranger.sign(access, { jwk: stranger.jwk, kid: "own" })],
    ["an address of keys in the header", () => stranger.sign(access, { jku: "https://evil.example/keys" })],
    ["alg none", () => `${encodePart({ alg: "none", typ: "JWT", kid: "rsa" })}.${encodePart(access)}.AA`],
    ["no signature", async (key) => `${(await key.sign(access)).replace(/\.[^.]*$/, "")}.`],
    ["a payload of null", (key) => key.sign(null)],
    ["a payload that is a list", (key) => key.sign([access])],
    ["a payload that is text", (key) => key.sign('"text"')],
    ["a payload that is no JSON", (key) => key.sign("{")],
    ["padding", async (key) => `${await key.sign(access)}==`],
    [
      "bits that belong to no byte",
      async (key) =>
        (await key.sign(access)).replace(/.$/, (last) =>
          last === "A" ? "B" : `${String.fromCharCode(last.charCodeAt(0) + 1)}`,
        ),
    ],
    ["a blank", async (key) => (await key.sign(access)).replace(".", " .")],
    ["more than 8 KiB", (key) => key.sign({ ...access, more: "x".repeat(longestJwt) })],
  ])("with %s is refused, and nothing of it is logged", async (_, make) => {
    const { verify, log } = startVerifier();
    const token = await make(rsa);
    expect(await verify(token)).toBeNull();
    for (const part of token.split(".")) if (part.length > 8) expect(log.mock.calls.join("\n")).not.toContain(part);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it("of HMAC with the public key for a secret is refused", async () => {
    const { verify } = startVerifier();
    const signed = `${encodePart({ alg: "HS256", typ: "JWT", kid: "rsa" })}.${encodePart(access)}`;
    for (const secret of [JSON.stringify(rsa.jwk), String((rsa.jwk as { n?: string }).n)]) {
      const raw = new TextEncoder().encode(secret);
      const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed)));
      const signature = btoa(String.fromCharCode(...mac))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
      expect(await verify(`${signed}.${signature}`)).toBeNull();
    }
  });

  it("needs the scope, where one is asked for", async () => {
    const { verify } = startVerifier({ scope: "sources:read" });
    expect(await verify(await rsa.sign(access))).toBeNull();
    expect(await verify(await rsa.sign({ ...access, scope: "openid xsources:read" }))).toBeNull();
    expect(await verify(await rsa.sign({ ...access, scope: ["sources:read"] }))).toBeNull();
    expect(await verify(await rsa.sign({ ...access, scope: "openid sources:read" }))).not.toBeNull();
  });

  it("may come up to a minute early, by the issuer's clock", async () => {
    const { verify } = startVerifier();
    expect(await verify(await rsa.sign({ ...access, iat: start + 60, nbf: start + 60 }))).not.toBeNull();
  });

  it("of 8 KiB is taken", async () => {
    const { verify } = startVerifier();
    const bare = (await rsa.sign({ ...access, more: "" })).length;
    const token = await rsa.sign({ ...access, more: "x".repeat(Math.floor(((longestJwt - bare) * 3) / 4) - 2) });
    expect(token.length).toBeGreaterThan(longestJwt - 8);
    expect(await verify(token)).not.toBeNull();
  });

  it("goes on while its key is published, and ends within the keys' 55 s once it is withdrawn", async () => {
    const { verify, state, clock } = startVerifier();
    const old = await rsa.sign(access);
    await verify(old);
    const next = await createSigningKey("RS256", "next");
    state.keys = [rsa.jwk, next.jwk];
    const young = await next.sign(access);
    expect(await verify(young)).toBeNull();
    clock.now += 55_000;
    expect([await verify(old), await verify(young)].every(Boolean)).toBe(true);
    state.keys = [next.jwk];
    clock.now += 54_999;
    expect(await verify(old)).not.toBeNull();
    clock.now += 1;
    expect([await verify(old), Boolean(await verify(young))]).toEqual([null, true]);
  });

  it("is verified for a day while the store is down, by the keys that the isolate has; without any, the store's fault is told", async () => {
    const { verify, state, clock } = startVerifier();
    const token = await rsa.sign({ ...access, exp: start + 200_000 });
    await verify(token);
    state.isUp = false;
    clock.now += 86_000_000;
    expect(await verify(token)).not.toBeNull();
    clock.now += 1_000_000;
    await expect(verify(token)).rejects.toThrow("down");
  });
});

describe("ten thousand bad JWTs", () => {
  it("ask for keys once a minute, evict no good one, and each counts by the limit of addresses", async () => {
    const { verify, verifier, readKeys, beforeCheck } = startVerifier();
    const good = await rsa.sign(access);
    await verify(good);
    const [header = "", , signature = ""] = good.split(".");
    for (let i = 0; i < 10_000; i++) {
      expect(await verify(`${header}.${encodePart({ ...access, jti: i })}.${signature}`)).toBeNull();
    }
    expect(readKeys).toHaveBeenCalledTimes(1);
    expect(beforeCheck).toHaveBeenCalledTimes(10_001);
    expect(verifier.peek(good)).toBeDefined();
  });

  it("are refused before any signature is checked where the limit says so", async () => {
    const limit = () => Promise.reject(new Error("throttled"));
    const { verify, readKeys } = startVerifier({ limit });
    await expect(verify(await rsa.sign(access))).rejects.toThrow("throttled");
    expect(readKeys).not.toHaveBeenCalled();
  });
});

describe("a mutated JWT", () => {
  let good: string;
  beforeEach(async () => {
    good = await rsa.sign(access);
  });

  it("never gets in, and never makes an error", async () => {
    const { verify } = startVerifier();
    const change = fc.record({
      at: fc.nat(4_000),
      kind: fc.constantFrom("replace", "insert", "delete"),
      text: fc.string({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        let token = good;
        for (const { at, kind, text } of changes) {
          const from = at % token.length;
          const rest = token.slice(kind === "insert" ? from : from + Math.max(1, text.length));
          token = token.slice(0, from) + (kind === "delete" ? "" : text) + rest;
        }
        const principal = await verify(token);
        if (token !== good) expect(principal).toBeNull();
      }),
      runs({ small: 500, large: 50_000 }),
    );
  });
});

describe("looksLikeJwt", () => {
  it.each<[string, boolean]>([
    ["a.b.c", true],
    ["..", true],
    ["a.b", false],
    ["a.b.c.d", false],
    ["plain", false],
    ["ase_a.b.c", false],
  ])("of %j is %s", (token, expected) => {
    expect(looksLikeJwt(token)).toBe(expected);
  });
});
