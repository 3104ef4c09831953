import type { Trigger } from "./runs.ts";

/** When runs of the sync are due. Times are milliseconds since 1970. */
export interface Schedule {
  /** When the last run began. It sees to all that was due by then, once it has ended. */
  begunAt: number;
  /** When the next run is due. */
  dueAt: number;
  /** When to look again after a webhook. */
  lookAgainAt: number;
  /** What started the last run, or will start the next one. */
  trigger: Trigger;
  /** How many runs in a row have failed. */
  failures: number;
}

const never = Number.POSITIVE_INFINITY;

export const nothingDue: Schedule = { begunAt: 0, dueAt: never, lookAgainAt: never, trigger: "cron", failures: 0 };

/** In milliseconds. */
export interface Pauses {
  /** From the beginning of a run to that of the next one, at least: whoever asks meanwhile shares that one. */
  spacing: number;
  /** From a webhook to the second look: authentik tells of a deletion before the row is gone. */
  lookAgain: number;
  /** Before a failed run is tried again, and then once more; after that the cron's next one will do. */
  retry: number[];
}

export const defaultPauses: Pauses = { spacing: 3_000, lookAgain: 10_000, retry: [30_000, 120_000] };

/** Asks for a run. One that is under way does not count: it may have read upstream already. */
export function askForRun(schedule: Schedule, trigger: Trigger, now: number, pauses = defaultPauses): Schedule {
  const { dueAt } = schedule;
  // Not in the future, where a clock was set back.
  const begunAt = Math.min(schedule.begunAt, now);
  const soonest = Math.max(now, begunAt + pauses.spacing);
  const isAsked = dueAt > begunAt && dueAt <= soonest;
  return {
    ...schedule,
    begunAt,
    ...(!isAsked && { dueAt: soonest, trigger }),
    ...(trigger === "webhook" && { lookAgainAt: now + pauses.lookAgain }),
    failures: 0,
  };
}

/**
 * Begins a run, if one is due. Nothing is taken off the schedule before it ends: a run that dies is still due.
 * @returns undefined where none is due
 */
export function beginRun(schedule: Schedule, now: number): Schedule | undefined {
  const { dueAt, lookAgainAt, trigger } = schedule;
  if (Math.min(dueAt, lookAgainAt) > now) return undefined;
  return { ...schedule, begunAt: now, trigger: dueAt <= now ? trigger : "webhook" };
}

/** Ends the run that has begun last. */
export function endRun(schedule: Schedule, isGood: boolean, now: number, pauses = defaultPauses): Schedule {
  const { begunAt, failures } = schedule;
  const still = (at: number) => (at > begunAt ? at : never);
  const dueAt = still(schedule.dueAt);
  const pause = isGood || dueAt < never ? undefined : pauses.retry[failures];
  // A second try comes later than a second look would.
  if (pause !== undefined) return { ...schedule, dueAt: now + pause, lookAgainAt: never, failures: failures + 1 };
  return { ...schedule, dueAt, lookAgainAt: still(schedule.lookAgainAt), failures: 0 };
}

/** When the schedule is to be looked at; undefined where nothing is due. */
export function nextDue({ dueAt, lookAgainAt }: Schedule): number | undefined {
  const next = Math.min(dueAt, lookAgainAt);
  return next < never ? next : undefined;
}
