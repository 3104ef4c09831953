import fc from "fast-check";
import { type Command, commandsOf, makeToken } from "./commands.ts";
import { Broken } from "./judge.ts";
import { createReplica, type Parts } from "./replica.ts";
import { createWorld, type Event, inhabit } from "./world.ts";

type Commands = Iterable<Command>;

/** Plays a history in a world of its own, and lets it end well: the store is up again, and whoever waits is answered. */
async function play(scheduler: fc.Scheduler, commands: Commands, events: Event[], parts: Parts): Promise<void> {
  const world = createWorld(scheduler, events, parts.othersTurn);
  const replica = createReplica(world, parts);
  const leave = inhabit(world, replica.platform);
  try {
    await replica.store.clear();
    for (const token of ["steady", "expiring", "denied"]) await makeToken(replica, token);
    replica.judge.look();
    replica.sync();
    await world.go();
    replica.judge.look();
    await fc.asyncModelRun(() => ({ model: {}, real: replica }), commands);
    replica.store.become("well", 0);
    await world.pass(40_000);
    replica.judge.look();
  } finally {
    leave();
  }
}

/** A line an event: when, a column for each actor, and what happened. */
export function tableOf(events: Event[]): string {
  const actors = [...new Set(events.map(({ actor }) => actor))];
  const line = (time: string, cells: string[], what: string) =>
    `${time.padStart(10)}  ${cells.map((cell, i) => cell.padEnd(actors[i]?.length ?? 0)).join(" ")}  ${what}`.trimEnd();
  const lines = events.map(({ at, actor, what }) => {
    const cells = actors.map((each) => (each === actor ? "•" : ""));
    return line((at / 1000).toFixed(3), cells, what);
  });
  return [line("s", actors, ""), ...lines].join("\n");
}

export interface Failure {
  seed: number;
  /** Leads fast-check to the history, which is then shrunk again. */
  path: string;
  /** The promise that is broken. */
  message: string;
  /** How many events the shrunk history has. */
  length: number;
  table: string;
}

export interface Played {
  histories: number;
  /** Events, of all of them. */
  steps: number;
  failure: Failure | undefined;
}

export interface PlayOptions {
  /** The same seed gives the same histories. */
  seed: number;
  histories: number;
  /** How many commands a history has at most. @default 30 */
  commands?: number | undefined;
  /** Of a failure, to have its history again. */
  path?: string | undefined;
  /** Told of each history. */
  onHistory?: ((events: Event[]) => void) | undefined;
}

/** Plays histories until one breaks a promise, and shrinks that one. */
export async function playHistoriesOver(
  parts: Parts,
  { seed, histories, commands: mostCommands = 30, path, onHistory }: PlayOptions,
): Promise<Played> {
  const played = { histories: 0, steps: 0 };
  let broken: Event[] = [];
  const property = fc.asyncProperty(fc.scheduler(), commandsOf(mostCommands), async (scheduler, commands) => {
    const events: Event[] = [];
    try {
      await play(scheduler, commands, events, parts);
    } catch (error) {
      broken = events;
      throw error;
    }
    played.histories++;
    played.steps += events.length;
    onHistory?.(events);
  });
  const options = path === undefined ? { numRuns: histories } : { numRuns: 1, path };
  const result = await fc.check(property, { seed, ...options });
  if (!result.failed) return { ...played, failure: undefined };
  const { errorInstance: error, counterexamplePath } = result;
  const isExpected = error instanceof Broken || !(error instanceof Error);
  // What was shrunk depends on what ran: the path leads to the history as it was, which is shrunk again.
  const [number = ""] = (counterexamplePath ?? "").split(":");
  return {
    ...played,
    failure: {
      ...{ seed, path: number, length: broken.length, table: tableOf(broken) },
      message: isExpected ? String(error).replace("Broken: ", "") : (error.stack ?? error.message),
    },
  };
}
