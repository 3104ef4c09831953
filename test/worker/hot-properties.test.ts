// Holds P1 and P3: docs/promises.md.

import { eq, sql } from "drizzle-orm";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { apiTokens, oauthSources } from "../../src/db/schema.ts";
import { storeToken } from "../../src/tokens/admin.ts";
import { digestToken } from "../../src/tokens/format.ts";
import { dose, runs } from "../support/dose.ts";
import { startGateway } from "../support/gateway.ts";
import { createStore, deniedToken, readFixture, type TestStore } from "../support/store.ts";

let store: TestStore;

beforeAll(async () => {
  store = await createStore();
  await store.load(await readFixture("company"));
});
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.fault("none");
});

const origins = ["https://one.example", "https://two.example"];
const hot = "/sources/oauth/okta/";
const pages = ["/sources/oauth/?page_size=1", "/sources/oauth/?page_size=2"];

const request = fc.record({
  kind: fc.constant("request"),
  token: fc.constantFrom("steady", "steady", "revoked", "revoked", "expiring", "expiring", deniedToken, "nobody", ""),
  path: fc.constantFrom(
    hot,
    hot,
    hot,
    hot,
    `${hot}?x=1`,
    ...pages,
    "/sources/oauth/?page=0",
    "/sources/oauth/?page=9&page_size=9",
  ),
  method: fc.constantFrom("GET", "GET", "GET", "HEAD", "POST"),
  ifNoneMatch: fc.constantFrom("", "", "*", "the last one", '"another"'),
  origin: fc.constantFrom("", ...origins, "https://evil.example"),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? Omit<T, "token"> & { token: string } : never;

/** Most are within the seconds for which the memory keeps a response. */
const wait = fc.record({
  kind: fc.constant("wait"),
  ms: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3_100 }) }, fc.integer({ min: 1, max: 70_000 })),
});
const event = (kind: "rename" | "revoke" | "fail" | "recover") => fc.record({ kind: fc.constant(kind) });
/** Revocations and failures in one run are for bounds alone: it depends on when it is asked how soon the store is found well again. */
const stepsWith = (...kinds: Parameters<typeof event>[0][]) =>
  fc.array(
    fc.oneof<fc.MaybeWeightedArbitrary<unknown>[]>(
      { weight: 10, arbitrary: request },
      { weight: 5, arbitrary: wait },
      ...kinds.map((kind) => ({ weight: 1, arbitrary: event(kind) })),
    ),
    { minLength: 10, maxLength: 40 },
  ) as fc.Arbitrary<Step[]>;
type Step = Asked | { kind: "wait"; ms: number } | { kind: "rename" | "revoke" | "fail" | "recover" };

/** Most end within the seconds for which the memory keeps a response. */
const lifetime = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 6_000 }) },
  fc.integer({ min: 1, max: 120_000 }),
);

const windowMs = 10_000;

/** Begins with a window of the limit by token, so that a seed gives the same responses each time. */
const startClock = () => ({ now: Math.floor(Date.now() / windowMs) * windowMs });

/**
 * The gateway, which gives each token some requests in ten seconds.
 * @param scheme `Bearer` takes the hot path where it can; spelled otherwise, a request goes the whole way
 */
function startReader(clock: { now: number }, scheme: "Bearer" | "bearer") {
  const counts = new Map<string, number>();
  const count = async (id: string) => {
    const window = `${id} ${Math.floor(clock.now / windowMs)}`;
    counts.set(window, (counts.get(window) ?? 0) + 1);
    return (counts.get(window) ?? 0) <= 3;
  };
  const gateway = startGateway(store, { clock, limits: { token: count } });
  let etag = "";

  return async ({ token, path, method, ifNoneMatch, origin }: Asked) => {
    const headers = new Headers();
    if (token) headers.set("Authorization", `${scheme} ${token}`);
    if (ifNoneMatch) headers.set("If-None-Match", ifNoneMatch === "the last one" ? etag : ifNoneMatch);
    if (origin) headers.set("Origin", origin);
    const response = await gateway.send(path, headers, method);
    etag = response.headers.get("ETag") ?? etag;
    return { status: response.status, headers: [...response.headers], body: await response.text() };
  };
}

/** What was true of the store, and since when. */
interface History {
  expiresAt: number;
  revokedAt: number;
  isUp: boolean;
  upSince: number;
  names: { name: string; from: number }[];
}

/** Does what the steps say to a store with tokens of the run's own. */
async function play(
  steps: Step[],
  lifetimeMs: number,
  clock: { now: number },
  ask: (request: Asked, history: History) => Promise<void>,
) {
  const run = crypto.randomUUID();
  const expiresAt = clock.now + lifetimeMs;
  const never = Number.POSITIVE_INFINITY;
  const history: History = {
    expiresAt,
    revokedAt: never,
    upSince: clock.now,
    isUp: true,
    names: [{ name: "", from: 0 }],
  };
  const events = {
    async rename() {
      const name = `Name ${history.names.length} of ${run}`;
      const document = sql`json_set(document, '$.name', ${name})`;
      await store.db.update(oauthSources).set({ document }).where(eq(oauthSources.slug, "okta"));
      history.names.push({ name, from: clock.now });
    },
    async revoke() {
      const digest = await digestToken(`revoked-${run}`);
      await store.db.update(apiTokens).set({ revokedAt: clock.now }).where(eq(apiTokens.digest, digest));
      history.revokedAt = Math.min(history.revokedAt, clock.now);
    },
    async fail() {
      await store.fault("500");
      history.isUp = false;
    },
    async recover() {
      await store.fault("none");
      if (!history.isUp) history.upSince = clock.now;
      history.isUp = true;
    },
  };
  await events.recover();
  await events.rename();
  for (const name of ["steady", "revoked", "expiring"]) {
    const fields = { name, scope: "sources:read", createdAt: 0 } as const;
    await storeToken(store.db, `${name}-${run}`, { ...fields, expiresAt: name === "expiring" ? expiresAt : null });
  }
  for (const step of steps) {
    if (step.kind === "wait") clock.now += step.ms;
    else if (step.kind !== "request") {
      // A store that fails takes no writes either.
      if (history.isUp || step.kind === "recover") await events[step.kind]();
    } else {
      const isOwn = ["steady", "revoked", "expiring"].includes(step.token);
      await ask(isOwn ? { ...step, token: `${step.token}-${run}` } : step, history);
    }
  }
}

describe("for any sequence of requests, the hot path", () => {
  it.each([
    ["tokens are revoked", stepsWith("rename", "revoke")],
    ["the store fails", stepsWith("rename", "fail", "recover")],
  ])("gives the very response that the whole way gives, while %s", async (_, steps) => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(steps, lifetime, async (given, lifetimeMs) => {
        const clock = startClock();
        const hotReader = startReader(clock, "Bearer");
        const coldReader = startReader(clock, "bearer");
        await play(given, lifetimeMs, clock, async (asked) => {
          const response = await hotReader(asked);
          expect(response).toEqual(await coldReader(asked));
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        });
      }),
      runs({ small: 16, large: 40 }),
    );
    for (const status of [200, 304, 400, 403, 404, 405, 429])
      expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(0);
  });

  it("serves data of 60 s at most, heeds a revocation within 60 s and an expiry at once, whatever fails in between", async () => {
    let count = 0;
    const tries = { small: 30, large: 80 };
    await fc.assert(
      fc.asyncProperty(stepsWith("rename", "revoke", "fail", "recover"), lifetime, async (given, lifetimeMs) => {
        const clock = startClock();
        const ask = startReader(clock, "Bearer");
        await play(given, lifetimeMs, clock, async (asked, { expiresAt, revokedAt, isUp, upSince, names }) => {
          const { status, body } = await ask(asked);
          if (status !== 200 && status !== 304) return;
          count++;
          if (asked.token.startsWith("expiring")) expect(clock.now).toBeLessThan(expiresAt);
          // While the store is down nobody can know better.
          if (!isUp) return;
          const known = (from: number) => clock.now - Math.max(from, upSince);
          if (asked.token.startsWith("revoked")) expect(known(revokedAt)).toBeLessThanOrEqual(60_000);
          const next = names.findIndex(({ name }) => name && body.includes(name)) + 1;
          if (next > 0 && names[next]) expect(known(names[next].from)).toBeLessThanOrEqual(60_000);
        });
      }),
      runs(tries),
    );
    expect(count, "lists that were given").toBeGreaterThan(dose(tries));
  });
});
