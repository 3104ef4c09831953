import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import type fc from "fast-check";

/** On whose behalf something runs. What an actor that has ended still waits for never comes, as in the Workers runtime. */
export interface Actor {
  /** A column of the history. */
  name: string;
  /** The data centre that it is in. */
  place?: string;
  isOver: () => boolean;
}

interface Timer {
  at: number;
  run: () => void;
}

export interface Event {
  at: number;
  actor: string;
  what: string;
}

export type World = ReturnType<typeof createWorld>;

/** The first moment of each history, in milliseconds since 1970. */
const epoch = 1_800_000_000_000;

/**
 * A world in which nothing happens by itself: the scheduler says which of the awaits that leave the process ends next, and time
 * passes when a command says so. So one seed gives one history.
 * @param events gets what happens
 * @param othersTurn ends when all that needs neither the scheduler nor a timer has gone on
 */
export function createWorld(scheduler: fc.Scheduler, events: Event[], othersTurn: () => Promise<unknown>) {
  const actors = new AsyncLocalStorage<Actor>();
  const timers = new Map<number, Timer>();
  let numberOfTimers = 0;
  const underWay = new Set<Promise<unknown>>();
  /** What has truly passed, and what the clock on the wall shows besides: it may be set back. */
  let passed = 0;
  let offset = 0;

  const at = () => passed;
  const now = () => epoch + passed + offset;
  const actor = () => actors.getStore();
  const log = (what: string, name = actor()?.name ?? "world") => events.push({ at: passed, actor: name, what });

  /** Leaves the process: the effect happens, and is seen, when the scheduler says so. */
  async function leave<T>(label: string, effect: () => T | Promise<T>): Promise<T> {
    await scheduler.schedule(Promise.resolve(), label);
    if (actor()?.isOver()) return new Promise<never>(() => {});
    const work = (async () => effect())();
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  function setTimer(run: () => void, milliseconds = 0): number {
    const [id, own] = [++numberOfTimers, actor()];
    const inContext = () => (own ? actors.run(own, run) : run());
    timers.set(id, { at: passed + milliseconds, run: () => own?.isOver() || inContext() });
    return id;
  }

  /** Until nothing can go on without the scheduler or a timer. */
  async function rest(): Promise<void> {
    do {
      await Promise.allSettled(underWay);
      await othersTurn();
    } while (underWay.size > 0);
  }

  /** Lets so many of the awaits end, in the scheduler's order. */
  async function go(count = Number.POSITIVE_INFINITY): Promise<void> {
    await rest();
    for (let i = 0; i < count && scheduler.count() > 0; i++) {
      await scheduler.waitOne();
      await rest();
    }
  }

  /** Time passes only where nothing else is left to do. */
  async function pass(milliseconds: number): Promise<void> {
    const end = passed + milliseconds;
    for (;;) {
      await go();
      const [next] = [...timers].filter(([, timer]) => timer.at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (!next) break;
      const [id, timer] = next;
      timers.delete(id);
      passed = Math.max(passed, timer.at);
      timer.run();
    }
    passed = end;
  }

  function timeout(milliseconds: number): AbortSignal {
    const controller = new AbortController();
    setTimer(() => controller.abort(new DOMException("The operation timed out.", "TimeoutError")), milliseconds);
    return controller.signal;
  }

  return {
    at,
    now,
    actor,
    log,
    leave,
    go,
    pass,
    timeout,
    setTimer,
    clearTimer: (id: number) => timers.delete(id),
    sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimer(resolve, milliseconds)),
    setBack: (milliseconds: number) => {
      offset -= milliseconds;
    },
    /** Runs something on an actor's behalf. */
    as: <T>(own: Actor, run: () => T): T => actors.run(own, run),
  };
}

/** What the code under test finds in the place of the platform. */
export interface Platform {
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  caches: { open: (name: string) => Promise<unknown> };
}

const quiet = () => {};

/**
 * Puts the world into the place of clock, timers, chance, digests, caches, network and log.
 * @returns what puts everything back
 */
export function inhabit(world: World, { fetch, caches }: Platform): () => void {
  const digest = (_: string, bytes: Uint8Array) =>
    world.leave("a digest", () => new Uint8Array(createHash("sha256").update(bytes).digest()).buffer);
  const places: [object, Record<string, unknown>][] = [
    [Date, { now: world.now }],
    [Math, { random: () => 0.5 }],
    [AbortSignal, { timeout: world.timeout }],
    [crypto.subtle, { digest }],
    [console, { log: quiet, error: quiet }],
    [globalThis, { setTimeout: world.setTimer, clearTimeout: world.clearTimer, fetch, caches }],
  ];
  const before = places.map(([place, parts]) =>
    Object.keys(parts).map((name) => [place, name, Object.getOwnPropertyDescriptor(place, name)] as const),
  );
  for (const [place, parts] of places) {
    for (const [name, value] of Object.entries(parts)) {
      Object.defineProperty(place, name, { value, configurable: true, writable: true });
    }
  }
  return () => {
    for (const [place, name, descriptor] of before.flat()) {
      if (descriptor) Object.defineProperty(place, name, descriptor);
      else Reflect.deleteProperty(place, name);
    }
  };
}
