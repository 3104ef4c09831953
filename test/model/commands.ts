import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Mood } from "./authentik.ts";
import { type Damage, damages } from "./data-centre.ts";
import { questions } from "./questions.ts";
import { dataCentres, isolates, type Replica } from "./replica.ts";
import type { Condition } from "./store.ts";

type Step = fc.AsyncCommand<object, Replica>;

/**
 * Something happens, and then so many of the awaits that are under way end before the next thing happens: all of them where
 * nothing is said.
 */
const step = (what: string, act: (replica: Replica) => unknown, ends: number | undefined): Step => ({
  check: () => true,
  async run(_, replica) {
    await act(replica);
    await replica.world.go(ends);
    replica.judge.look();
  },
  toString: () => (ends === undefined ? what : `${what}, ${ends} ends`),
});

const ends = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: fc.nat({ max: 8 }) });

const command = <T>(of: fc.Arbitrary<T>, say: (value: T) => string, act: (replica: Replica, value: T) => unknown) =>
  fc.tuple(of, ends).map(([value, count]) => step(say(value), (replica) => act(replica, value), count));

/** Says in the history what somebody does. */
const told =
  <T>(actor: string, say: (value: T) => string, act: (replica: Replica, value: T) => unknown) =>
  (replica: Replica, value: T) => {
    replica.world.log(say(value), actor);
    return act(replica, value);
  };

const event = <T>(
  actor: string,
  of: fc.Arbitrary<T>,
  say: (value: T) => string,
  act: (r: Replica, value: T) => unknown,
) => command(of, say, told(actor, say, act));

export const tokens = ["steady", "steady", "steady", "other", "expiring", "denied", "nobody"];
const digestOf = (token: string) => createHash("sha256").update(token).digest("hex");
const text = (value: string) => ({ type: "text", value }) as const;
const integer = (value: number) => ({ type: "integer", value: String(value) }) as const;

export function makeToken({ store, world }: Replica, token: string, scope = "sources:read"): void {
  const expiresAt = token === "expiring" ? world.now() + 40_000 : null;
  store.run(
    `INSERT INTO api_tokens (name, digest, last_four, scope, created_at, expires_at) VALUES (?, ?, 'test', ?, 0, ?)
      ON CONFLICT (digest) DO UPDATE SET revoked_at = NULL, expires_at = excluded.expires_at`,
    [text(token), text(digestOf(token)), text(scope), expiresAt === null ? { type: "null" } : integer(expiresAt)],
  );
}

const revokeToken = ({ store, world }: Replica, token: string) =>
  store.run("UPDATE api_tokens SET revoked_at = ? WHERE digest = ?", [integer(world.now()), text(digestOf(token))]);

const slug = fc.constantFrom("a", "b", "c", "d", "e");
const none = fc.constant(undefined);
/** Most questions are the first ones, so that caches have answers. */
const question = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 7) },
  { weight: 2, arbitrary: fc.nat({ max: questions.length - 1 }) },
);
const asking = fc.record({
  isolate: fc.nat({ max: isolates - 1 }),
  token: fc.constantFrom(...tokens),
  question,
  isConditional: fc.boolean(),
  /** How many awaits end before the client goes away; most never do. */
  leaves: fc.oneof({ weight: 8, arbitrary: none }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
});

const condition = fc.constantFrom<Condition>(
  "well",
  "well",
  "well",
  "slow",
  "slow",
  "hangs",
  "drips",
  "refuses",
  "fails",
);
const mood = fc.constantFrom<Mood>("well", "well", "slow", "fails", "is empty", "is cut short", "hangs");

const wait = (min: number, max: number) =>
  event(
    "clock",
    fc.integer({ min, max }),
    (ms) => `${(ms / 1000).toFixed(1)} s pass`,
    ({ world }, ms) => world.pass(ms),
  );

const weighted: [weight: number, fc.Arbitrary<Step>][] = [
  [
    12,
    command(
      asking,
      ({ isolate, token, question: number }) => `${token} asks ${isolate} for ${questions[number]?.path}`,
      async ({ ask, world }, { isolate, token, question: number, isConditional, leaves }) => {
        const [first] = questions;
        const goAway = ask(isolate, token, questions[number] ?? (first as (typeof questions)[number]), isConditional);
        if (leaves === undefined) return;
        await world.go(leaves);
        goAway();
      },
    ),
  ],
  [
    2,
    event(
      "authentik",
      slug,
      (each) => `adds ${each}`,
      ({ authentik }, each) => authentik.add(each),
    ),
  ],
  [
    2,
    event(
      "authentik",
      slug,
      (each) => `renames ${each}`,
      ({ authentik }, each) => authentik.rename(each),
    ),
  ],
  [
    1,
    event(
      "authentik",
      slug,
      (each) => `removes ${each}`,
      ({ authentik }, each) => authentik.remove(each),
    ),
  ],
  [
    1,
    event(
      "authentik",
      slug,
      (each) => `switches ${each}`,
      ({ authentik }, each) => authentik.toggle(each),
    ),
  ],
  [
    1,
    event(
      "authentik",
      none,
      () => "swaps two slugs",
      ({ authentik }) => authentik.swap(),
    ),
  ],
  [
    1,
    event(
      "authentik",
      mood,
      (each) => `is now: ${each}`,
      ({ authentik }, each) => Object.assign(authentik.look, { mood: each }),
    ),
  ],
  [
    5,
    command(
      none,
      () => "a sync",
      ({ sync }) => sync(),
    ),
  ],
  [
    1,
    command(
      none,
      () => "two syncs",
      ({ sync }) => [sync(), sync()],
    ),
  ],
  [
    1,
    command(
      none,
      () => "an import",
      ({ importRows, authentik }) => importRows(authentik.rows()),
    ),
  ],
  [
    1,
    event(
      "admin",
      fc.constantFrom("steady", "other", "expiring"),
      (token) => `makes ${token}`,
      (r, token) => makeToken(r, token),
    ),
  ],
  [2, event("admin", fc.constantFrom("steady", "other"), (token) => `revokes ${token}`, revokeToken)],
  [3, wait(100, 4_000)],
  [4, wait(4_000, 62_000)],
  [1, wait(62_000, 4_000_000)],
  [1, wait(80_000_000, 90_000_000)],
  [
    1,
    event(
      "clock",
      fc.integer({ min: 100, max: 60_000 }),
      (ms) => `is set back by ${(ms / 1000).toFixed(1)} s`,
      (r, ms) => {
        r.world.setBack(ms);
        r.judge.setBack(ms);
      },
    ),
  ],
  [
    4,
    event(
      "store",
      fc.tuple(condition, fc.integer({ min: 1, max: 900 })),
      ([is]) => `is now: ${is}`,
      ({ store }, [is, delay]) => store.become(is, delay),
    ),
  ],
  [
    1,
    event(
      "store",
      none,
      () => "is backed up",
      ({ store }) => store.backUp(),
    ),
  ],
  [
    1,
    event(
      "store",
      none,
      () => "comes back older",
      ({ store, judge }) => {
        judge.forgetWrites();
        if (store.restore()) judge.look();
      },
    ),
  ],
  [
    1,
    event(
      "cache",
      fc.tuple(fc.nat({ max: dataCentres - 1 }), fc.constantFrom<Damage>(...damages)),
      ([centre, damage]) => `the entries of ${"AB"[centre]}: ${damage}`,
      ({ centres }, [centre, damage]) => centres[centre === 0 ? 0 : 1].damage(damage),
    ),
  ],
  [
    1,
    event(
      "cache",
      fc.tuple(fc.nat({ max: dataCentres - 1 }), fc.constantFrom(0, 0, 500, 8_000)),
      ([centre, ms]) => `a put of ${"AB"[centre]} takes ${ms / 1000} s`,
      ({ centres }, [centre, putMs]) => Object.assign(centres[centre === 0 ? 0 : 1].look, { putMs }),
    ),
  ],
  [
    1,
    event(
      "cache",
      fc.nat({ max: isolates - 1 }),
      (isolate) => `isolate ${isolate} dies`,
      ({ kill }, isolate) => kill(isolate),
    ),
  ],
];

export const steps = (maxCommands: number) =>
  fc.commands(
    weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary)),
    { maxCommands, size: "max" },
  );
