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
export function makeToken({ store, world }: Replica, token: string): Promise<void> {
  const expiresAt = token === "expiring" ? integer(world.now() + 40_000) : ({ type: "null" } as const);
  return store.run(
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

const good = weighted<Condition>([
  [3, "well"],
  [1, "slow"],
]);
const bad = fc.constantFrom<Condition>("hangs", "drips", "refuses", "fails");
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

/** Something that an actor does: it stands in the history, and every promise is judged after it. */
const happening = <T>(
  actor: string,
  of: fc.Arbitrary<T>,
  say: (value: T) => string,
  act: (replica: Replica, value: T) => unknown,
): fc.Arbitrary<Command> =>
  fc.tuple(of, ends).map(([value, count]) => ({
    check: () => true,
    async run(_, replica) {
      replica.world.log(say(value), actor);
      await act(replica, value);
      await replica.world.go(count);
      replica.judge.look();
    },
    toString: () => `${actor} ${say(value)}`,
  }));

/** Things that happen one after the other, since by chance they seldom would. */
const episode = (...parts: fc.Arbitrary<Command>[]): fc.Arbitrary<Command> =>
  fc.tuple(...parts).map((commands) => ({
    check: () => true,
    async run(model, replica) {
      for (const command of commands) await command.run(model, replica);
    },
    toString: () => commands.join("; "),
  }));

/** Something that a person changes in authentik, whose webhook mostly tells of it. */
const change = (what: string, act: (replica: Replica, slug: string) => unknown) =>
  happening(
    "authentik",
    fc.record({
      slug,
      isTold: weighted([
        [1, false],
        [4, true],
      ]),
    }),
    ({ slug, isTold }) => `${what} ${slug}${isTold ? ", and tells" : ""}`,
    (replica, { slug, isTold }) => {
      act(replica, slug);
      if (isTold) replica.sync();
    },
  );

type Asking = typeof asking extends fc.Arbitrary<infer T> ? T : never;

const ask = (of: fc.Arbitrary<Asking>) =>
  happening(
    "readers",
    of,
    ({ isolate, token, question }) => `${token} to ${isolate}, question ${question}`,
    async ({ ask, world }, { endsUntilGone, ...asked }) => {
      const goAway = ask(asked);
      if (endsUntilGone === undefined) return;
      await world.go(endsUntilGone);
      goAway();
    },
  );

const asks = ask(asking);
/** The same each time, of an isolate over each kind of cache. */
const asksAgain = ask(
  fc.record({
    isolate: numbers(2, 0, 0, 1),
    question: fc.constant(0),
    token: fc.constant("steady"),
    isConditional: fc.boolean(),
    endsUntilGone: nothing,
  }),
);

const pass = happening(
  "clock",
  pause,
  (seconds) => `${seconds} s pass`,
  ({ world }, seconds) => world.pass(seconds * 1000),
);

const become = (of: fc.Arbitrary<Condition>) =>
  happening(
    "store",
    fc.tuple(of, fc.constantFrom(10, 300, 900)),
    ([is]) => `is now: ${is}`,
    ({ store }, [is, delay]) => store.become(is, delay),
  );

const rename = change("renames", ({ authentik }, each) => authentik.rename(each));
const makes = happening("admin", readersToken, (token) => `makes ${token}`, makeToken);
const revokes = happening("admin", readersToken, (token) => `revokes ${token}`, revokeToken);

const happenings: [weight: number, command: fc.Arbitrary<Command>][] = [
  [22, asks],
  [12, pass],
  [6, episode(asksAgain, rename, pass, asksAgain)],
  [6, episode(asksAgain, become(bad), pass, asksAgain, become(good))],
  [3, episode(asksAgain, revokes, pass, asksAgain)],
  [4, rename],
  [2, change("adds", ({ authentik }, each) => authentik.add(each))],
  [2, change("removes", ({ authentik }, each) => authentik.remove(each))],
  [1, change("switches", ({ authentik }, each) => authentik.toggle(each))],
  [1, change("swaps two slugs, one is", ({ authentik }) => authentik.swap())],
  [
    2,
    happening(
      "authentik",
      mood,
      (is) => `is now: ${is}`,
      ({ authentik }, is) => authentik.become(is),
    ),
  ],
  [
    2,
    happening(
      "writers",
      nothing,
      () => "the cron",
      ({ sync }) => sync(),
    ),
  ],
  [
    1,
    happening(
      "writers",
      nothing,
      () => "an import of what authentik has",
      ({ importSources }) => importSources(),
    ),
  ],
  [3, makes],
  [1, revokes],
  [3, become(fc.oneof(good, bad))],
  [
    1,
    happening(
      "store",
      nothing,
      () => "is backed up",
      ({ store }) => store.backUp(),
    ),
  ],
  [
    1,
    happening(
      "store",
      nothing,
      () => "comes back older",
      ({ restore }) => restore(),
    ),
  ],
  [
    1,
    happening(
      "clock",
      fc.constantFrom(0.5, 5, 50),
      (seconds) => `is set back by ${seconds} s`,
      ({ setBack }, seconds) => setBack(seconds * 1000),
    ),
  ],
  [
    1,
    happening(
      "cache",
      fc.tuple(centre, fc.constantFrom<Damage>(...damages)),
      ([number, damage]) => `all of ${number}: ${damage}`,
      ({ centres }, [number, damage]) => centres[number === 0 ? 0 : 1].damage(damage),
    ),
  ],
  [
    1,
    happening(
      "cache",
      fc.tuple(centre, fc.constantFrom(0, 500, 8_000, 40_000)),
      ([number, ms]) => `a put of ${number} takes ${ms / 1000} s`,
      ({ centres }, [number, ms]) => centres[number === 0 ? 0 : 1].becomeSlow(ms),
    ),
  ],
  [
    1,
    happening(
      "isolates",
      numbers(3, 1, 1, 2, 1),
      (number) => `${number} dies`,
      ({ kill }, number) => kill(number),
    ),
  ],
];

/** Histories of so many commands at most. */
export const commandsOf = (maxCommands: number) =>
  fc.commands(
    happenings.flatMap(([weight, command]) => Array.from({ length: weight }, () => command)),
    { maxCommands, size: "max" },
  );
