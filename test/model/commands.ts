import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Mood } from "./authentik.ts";
import { type Damage, damages } from "./data-centre.ts";
import type { Replica } from "./replica.ts";
import type { Condition } from "./store.ts";

export type Command = fc.AsyncCommand<object, Replica>;

const digestOf = (token: string) => createHash("sha256").update(token).digest("hex");
const text = (value: string) => ({ type: "text", value }) as const;
const integer = (value: number) => ({ type: "integer", value: String(value) }) as const;

/** Makes a token, or makes it anew; one that expires does so within a minute. */
export function makeToken({ store, world }: Replica, token: string): void {
  const expiresAt = token === "expiring" ? integer(world.now() + 40_000) : ({ type: "null" } as const);
  store.run(
    `INSERT INTO api_tokens (name, digest, last_four, scope, created_at, expires_at) VALUES (?, ?, 'test', ?, 0, ?)
      ON CONFLICT (digest) DO UPDATE SET revoked_at = NULL, expires_at = excluded.expires_at`,
    [text(token), text(digestOf(token)), text(token === "denied" ? "none" : "sources:read"), expiresAt],
  );
}

const revokeToken = ({ store, world }: Replica, token: string) =>
  store.run("UPDATE api_tokens SET revoked_at = ? WHERE digest = ?", [integer(world.now()), text(digestOf(token))]);

/** Each as often as its weight says. */
const weighted = <T>(choices: [weight: number, value: T][]): fc.Arbitrary<T> =>
  fc.constantFrom(...choices.flatMap(([weight, value]) => Array.from({ length: weight }, () => value)));
const numbers = (...weights: number[]) => weighted(weights.map((weight, i) => [weight, i]));

const nothing = fc.constant(undefined);
const slug = fc.constantFrom("a", "b", "a", "c", "d");
const centre = fc.constantFrom(0, 1);
const readersToken = fc.constantFrom("steady", "steady", "steady", "expiring");

/** Most ask one thing of one isolate with one token, so that caches have it, and what is odd meets it. */
const asking = fc.record({
  isolate: numbers(8, 3, 2, 4, 1),
  token: weighted([[8, "steady"], ...["expiring", "denied", "nobody"].map((token): [number, string] => [1, token])]),
  question: numbers(12, 1, 2, 1, 1, 1, 1, 3, 1, 1),
  isConditional: fc.boolean(),
  /** How many awaits end before the client goes away; most never do. */
  endsUntilGone: fc.oneof({ weight: 10, arbitrary: nothing }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
});

/** Seconds, around the ends of bounds and far beyond them. */
const pause = weighted([
  ...[0.1, 0.5, 1, 2, 3, 4, 5.5, 9, 11].map((each): [number, number] => [4, each]),
  ...[20, 26, 29, 31, 35, 40, 55, 59, 60.5, 61, 65, 70, 100].map((each): [number, number] => [5, each]),
  ...[300, 3_500, 3_700, 86_000, 87_000].map((each): [number, number] => [2, each]),
]);

const condition = weighted<Condition>([
  [5, "well"],
  [2, "slow"],
  ...(["hangs", "drips", "refuses", "fails"] as const).map((each): [number, Condition] => [1, each]),
]);
const mood = weighted<Mood>([
  [3, "well"],
  [2, "slow"],
  ...(["fails", "is empty", "is cut short", "hangs"] as const).map((each): [number, Mood] => [1, each]),
]);

/** How many of the awaits that are under way end before the next thing happens. */
const ends = weighted([
  [6, Number.POSITIVE_INFINITY],
  ...[0, 1, 2, 3, 5, 8].map((each): [number, number] => [1, each]),
]);

interface Happening {
  weight: number;
  command: fc.Arbitrary<Command>;
}

/** Something that an actor does: it stands in the history, and every promise is judged after it. */
const happening = <T>(
  weight: number,
  actor: string,
  of: fc.Arbitrary<T>,
  say: (value: T) => string,
  act: (replica: Replica, value: T) => unknown,
): Happening => ({
  weight,
  command: fc.tuple(of, ends).map(([value, count]) => ({
    check: () => true,
    async run(_, replica) {
      replica.world.log(say(value), actor);
      await act(replica, value);
      await replica.world.go(count);
      replica.judge.look();
    },
    toString: () => `${actor} ${say(value)}`,
  })),
});

/** Something that a person changes in authentik, whose webhook mostly tells of it. */
const change = (weight: number, what: string, act: (replica: Replica, slug: string) => unknown): Happening =>
  happening(
    weight,
    "authentik",
    fc.record({
      slug,
      isTold: weighted([
        [1, false],
        [3, true],
      ]),
    }),
    ({ slug, isTold }) => `${what} ${slug}${isTold ? ", and tells" : ""}`,
    (replica, { slug, isTold }) => {
      act(replica, slug);
      if (isTold) replica.sync();
    },
  );

const happenings: Happening[] = [
  happening(
    26,
    "readers",
    asking,
    ({ isolate, token, question }) => `${token} to ${isolate}, question ${question}`,
    async ({ ask, world }, { endsUntilGone, ...asked }) => {
      const goAway = ask(asked);
      if (endsUntilGone === undefined) return;
      await world.go(endsUntilGone);
      goAway();
    },
  ),
  happening(
    12,
    "clock",
    pause,
    (seconds) => `${seconds} s pass`,
    ({ world }, seconds) => world.pass(seconds * 1000),
  ),
  happening(
    1,
    "clock",
    fc.constantFrom(0.5, 5, 50),
    (seconds) => `is set back by ${seconds} s`,
    ({ setBack }, seconds) => setBack(seconds * 1000),
  ),
  change(4, "renames", ({ authentik }, each) => authentik.rename(each)),
  change(2, "adds", ({ authentik }, each) => authentik.add(each)),
  change(2, "removes", ({ authentik }, each) => authentik.remove(each)),
  change(1, "switches", ({ authentik }, each) => authentik.toggle(each)),
  change(1, "swaps two slugs, one is", ({ authentik }) => authentik.swap()),
  happening(
    2,
    "authentik",
    mood,
    (is) => `is now: ${is}`,
    ({ authentik }, is) => authentik.become(is),
  ),
  happening(
    2,
    "writers",
    nothing,
    () => "the cron",
    ({ sync }) => sync(),
  ),
  happening(
    1,
    "writers",
    nothing,
    () => "an import of what authentik has",
    ({ importSources }) => importSources(),
  ),
  happening(2, "admin", readersToken, (token) => `makes ${token}`, makeToken),
  happening(2, "admin", readersToken, (token) => `revokes ${token}`, revokeToken),
  happening(
    5,
    "store",
    fc.tuple(condition, fc.constantFrom(10, 300, 900)),
    ([is]) => `is now: ${is}`,
    ({ store }, [is, delay]) => store.become(is, delay),
  ),
  happening(
    1,
    "store",
    nothing,
    () => "is backed up",
    ({ store }) => store.backUp(),
  ),
  happening(
    1,
    "store",
    nothing,
    () => "comes back older",
    ({ restore }) => restore(),
  ),
  happening(
    1,
    "cache",
    fc.tuple(centre, fc.constantFrom<Damage>(...damages)),
    ([number, damage]) => `all of ${number}: ${damage}`,
    ({ centres }, [number, damage]) => centres[number === 0 ? 0 : 1].damage(damage),
  ),
  happening(
    1,
    "cache",
    fc.tuple(centre, fc.constantFrom(0, 500, 8_000, 40_000)),
    ([number, ms]) => `a put of ${number} takes ${ms / 1000} s`,
    ({ centres }, [number, ms]) => centres[number === 0 ? 0 : 1].becomeSlow(ms),
  ),
  happening(
    1,
    "isolates",
    numbers(3, 1, 1, 2, 1),
    (number) => `${number} dies`,
    ({ kill }, number) => kill(number),
  ),
];

/** Histories of so many commands at most. */
export const commandsOf = (maxCommands: number) =>
  fc.commands(
    happenings.flatMap(({ weight, command }) => Array.from({ length: weight }, () => command)),
    { maxCommands, size: "max" },
  );
