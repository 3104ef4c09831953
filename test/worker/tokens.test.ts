// Holds P7, P8, P9 and P11: docs/promises.md.

import { eq } from "drizzle-orm";
import { Context } from "hono";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Cached } from "../../src/cache/cache.ts";
import type { StoredResponse } from "../../src/cache/stored-response.ts";
import { apiTokens } from "../../src/db/schema.ts";
import type { Verdict } from "../../src/store/token.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { createToken, digestToken } from "../../src/tokens/format.ts";
import { tokenVerifier } from "../../src/tokens/verify.ts";
import { startApp } from "../support/app.ts";
import { engines } from "../support/engines.ts";
import { type AnyStore, readFixture } from "../support/store.ts";

const company = await readFixture("company");

describe.each(engines)("over $engine", ({ create, failure }) => {
  let store: AnyStore;
  let app: ReturnType<typeof startApp>;
  let secret: string;

  beforeEach(async () => {
    store = await create();
    await store.load(company);
    app = startApp(store);
    secret = await createToken();
  });

  const issue = (expiresAt: number | null = null) =>
    storeToken(store.db, secret, { name: "x", scope: "sources:read", createdAt: 0, expiresAt });
  const revoke = async () =>
    store.db
      .update(apiTokens)
      .set({ revokedAt: Date.now() })
      .where(eq(apiTokens.digest, await digestToken(secret)));
  const status = async (token = secret) =>
    (await app.send("/sources/oauth/", { Authorization: `Bearer ${token}` })).status;

  describe("a verdict on a token", () => {
    it("lets no revoked token pass for longer than 60 s", async () => {
      await issue();
      for (let second = 0; second < 20; second++) {
        app.wait(1);
        expect(await status()).toBe(200);
      }
      await revoke();
      const revokedAt = app.now();
      let last = revokedAt;
      for (let second = 0; second < 120; second++) {
        app.wait(1);
        if ((await status()) === 200) last = app.now();
      }
      expect(last - revokedAt).toBeLessThanOrEqual(60_000);
      expect(await status()).toBe(403);
    });

    it("lets an expiry take effect at its second, though it is kept for longer", async () => {
      await issue(app.now() + 10_000);
      expect(await status()).toBe(200);
      app.wait(9.999);
      expect(await status()).toBe(200);
      app.wait(0.001);
      expect(await status()).toBe(403);
    });

    it("accepts a new token 10 s after it was unknown", async () => {
      expect(await status()).toBe(403);
      await issue();
      app.wait(10);
      expect(await status()).toBe(200);
    });

    it("accepts a good token for an hour while the store is down", async () => {
      await issue();
      expect(await status()).toBe(200);
      await app.settle(); // the list is in the cache then
      await store.fault(failure);
      for (let minute = 0; minute < 60; minute++) {
        expect(await status(), `minute ${minute}`).toBe(200);
        app.wait(60);
      }
      app.wait(56);
      expect(await status()).toBe(503);
    });

    it("refuses a bad token while the store is down, and is a 503 for an unknown one", async () => {
      expect(await status()).toBe(403);
      await store.fault(failure);
      app.wait(600);
      expect(await status()).toBe(403);
      expect(await status(await createToken())).toBe(503);
    });

    it("is read from the store once for 50 concurrent requests", async () => {
      await issue();
      await store.fault("slow");
      const before = await store.requests();
      await Promise.all(Array.from({ length: 50 }, () => status()));
      expect((await store.requests()) - before).toBe(2);
    });
  });

  describe("a limit by address", () => {
    const limited = (room: number) => {
      const keys: string[] = [];
      return { keys, app: startApp(store, { limits: { address: async (key) => keys.push(key) <= room } }) };
    };

    it("counts every look-up of a token that is not known to be good, repeated ones too", async () => {
      const { keys, app } = limited(Number.POSITIVE_INFINITY);
      const guess = () => app.send("/sources/oauth/", { Authorization: "Bearer guess" });
      const before = await store.requests();
      for (let i = 0; i < 20; i++) {
        expect((await guess()).status).toBe(403);
        app.wait(5.5);
      }
      expect((await store.requests()) - before).toBe(10);
      expect(keys).toHaveLength(10);
    });

    it("does not count a token that was good", async () => {
      await issue();
      const { keys, app } = limited(1);
      for (let minute = 0; minute < 5; minute++) {
        const response = await app.send("/sources/oauth/", { Authorization: `Bearer ${secret}` });
        expect(response.status).toBe(200);
        app.wait(60);
      }
      expect(keys).toHaveLength(1);
    });

    it.each([
      ["192.0.2.7", "192.0.2.7"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
      ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
      ["2001:db8::6", "2001:db8:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["fe80::", "fe80:0:0:0::/64"],
    ])("counts %s as %s", async (address, network) => {
      const { keys, app } = limited(1);
      await app.send("/sources/oauth/", { Authorization: "Bearer guess", "CF-Connecting-IP": address });
      expect(keys).toEqual([network]);
    });
  });
});

describe("a verdict on a token in memory", () => {
  const secret = "a-token";

  it("is not evicted by 10,000 guesses", async () => {
    const lookUp = vi.fn(async (digest: string) => madeAt(0, digest === goodDigest ? goodVerdict : null, 55));
    const goodDigest = await digestToken(secret);
    const { verify } = tokenVerifier({ lookUp, waitUntil: () => () => {}, now: () => 0 });
    const context = new Context(new Request("https://edge.example"));
    expect(await verify(secret, context)).not.toBeNull();
    for (let guess = 0; guess < 10_000; guess++) await verify(`guess-${guess}`, context);
    lookUp.mockClear();
    expect(await verify(secret, context)).not.toBeNull();
    expect(lookUp).not.toHaveBeenCalled();
  });

  /** A verdict of the store, made at a time. */
  const madeAt = (generatedAt: number, verdict: Verdict, fresh: number): Cached<StoredResponse> => ({
    value: { status: 200, headers: {}, body: JSON.stringify(verdict) },
    generatedAt,
    freshness: { fresh, staleWhileRevalidate: 0, staleIfError: 3_600 },
    status: "bypass",
  });
  const goodVerdict: Verdict = { id: 1, scope: "sources:read", expiresAt: null };

  /** Verifies the token at a time, by a store that gives these verdicts and is down then. */
  function verifierOf(...verdicts: Cached<StoredResponse>[]) {
    let time = 0;
    const lookUp = async () => verdicts.shift() ?? Promise.reject(new Error("the store is down"));
    const { verify } = tokenVerifier({ lookUp, waitUntil: () => () => {}, now: () => time });
    const context = new Context(new Request("https://edge.example"));
    return (now: number) => {
      time = now;
      return verify(secret, context);
    };
  }

  it("keeps a token revoked while the store is down, though guesses have evicted it", async () => {
    let [time, isRevoked, isDown] = [0, false, false];
    const digest = await digestToken(secret);
    const lookUp = async (asked: string) => {
      if (isDown) throw new Error("the store is down");
      return asked === digest && !isRevoked ? madeAt(time, goodVerdict, 55) : madeAt(time, null, 10);
    };
    const { verify } = tokenVerifier({ lookUp, waitUntil: () => () => {}, now: () => time });
    const context = new Context(new Request("https://edge.example"));
    const isAccepted = async (token = secret) => (await verify(token, context).catch(() => null)) !== null;
    expect(await isAccepted()).toBe(true);
    [time, isRevoked] = [57_000, true];
    expect(await isAccepted()).toBe(false);
    for (let guess = 0; guess < 1_100; guess++) await isAccepted(`guess-${guess}`);
    isDown = true;
    for (const minutes of [0, 30, 30]) {
      time += minutes * 60_000;
      expect(await isAccepted(), `${time}`).toBe(false);
    }
  });

  it("is not replaced by an older one that arrives late", async () => {
    const verifyAt = verifierOf(madeAt(20_000, null, 10), madeAt(0, goodVerdict, 10));
    for (const now of [20_000, 31_000, 62_000]) expect(await verifyAt(now)).toBeNull();
  });

  it("keeps a token revoked that was found good before the clock was set back", async () => {
    const verifyAt = verifierOf(madeAt(60_000, goodVerdict, 55), madeAt(10_000, null, 55));
    expect(await verifyAt(60_000)).not.toBeNull();
    for (const now of [10_000, 60_000]) expect(await verifyAt(now)).toBeNull();
  });

  it.each<[string, number | null, [now: number, isKnown: boolean][]]>([
    [
      "while it is fresh",
      null,
      [
        [1_000, true],
        [54_999, true],
        [55_000, false],
        [-2_000, false],
      ],
    ],
    [
      "until the token expires",
      20_000,
      [
        [19_999, true],
        [20_000, false],
      ],
    ],
  ])("is at hand without a promise %s", async (_, expiresAt, expected) => {
    let now = 0;
    const lookUp = async () => madeAt(0, { id: 1, scope: "sources:read", expiresAt }, 55);
    const { verify, peek } = tokenVerifier({ lookUp, waitUntil: () => () => {}, now: () => now });
    expect(peek(secret)).toBeUndefined();
    await verify(secret, new Context(new Request("https://edge.example")));
    for (const [at, isKnown] of expected) {
      now = at;
      expect(peek(secret) !== undefined, `${at}`).toBe(isKnown);
      expect(peek("another")).toBeUndefined();
    }
  });

  it("is asked for tokens of up to 1,024 characters", async () => {
    const lookUp = vi.fn(async () => madeAt(0, goodVerdict, 55));
    const { verify } = tokenVerifier({ lookUp, waitUntil: () => () => {}, now: () => 0 });
    const context = new Context(new Request("https://edge.example"));
    expect(await verify("x".repeat(1_024), context)).not.toBeNull();
    expect(await verify("x".repeat(1_025), context)).toBeNull();
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it("costs no digest while it is fresh", async () => {
    const digest = vi.spyOn(crypto.subtle, "digest");
    const verifyAt = verifierOf(madeAt(0, goodVerdict, 55));
    await verifyAt(0);
    digest.mockClear();
    expect(await verifyAt(54_000)).not.toBeNull();
    expect(digest).not.toHaveBeenCalled();
    digest.mockRestore();
  });
});
