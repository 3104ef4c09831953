import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askForRun, beginRun, endRun, nextDue, nothingDue, type Schedule } from "../../src/sync/schedule.ts";
import { defaultLimits } from "../../src/sync/upstream/limits.ts";
import { writeAttempts } from "../../src/sync/write.ts";
import { runs as numRuns } from "../support/dose.ts";

type Trigger = Schedule["trigger"];

interface Ask {
  at: number;
  trigger: Trigger;
}

interface World {
  asks: Ask[];
  /** How long each run takes, in milliseconds. @default 1000 */
  durations?: number[];
  /** Whether each run goes well. @default all do */
  outcomes?: boolean[];
  /** The runs that die: they end nothing, and the alarm is called again two seconds later. */
  deaths?: number[];
}

/** Lets an alarm go by the schedule, and gives the runs that began. Time is made up. */
function simulate({ asks, durations = [], outcomes = [], deaths = [] }: World) {
  const runs: Ask[] = [];
  let schedule = nothingDue;
  let now = 0;
  const pending = [...asks].sort((a, b) => a.at - b.at);
  const takeAsks = (until: number) => {
    for (let next = pending[0]; next && next.at <= until; next = pending[0]) {
      schedule = askForRun(schedule, next.trigger, next.at);
      pending.shift();
    }
  };
  for (;;) {
    const due = nextDue(schedule) ?? Number.POSITIVE_INFINITY;
    const ask = pending[0]?.at ?? Number.POSITIVE_INFINITY;
    if (Math.min(due, ask) === Number.POSITIVE_INFINITY) return { runs, end: now };
    if (ask <= due) {
      now = Math.max(now, ask);
      takeAsks(now);
      continue;
    }
    now = Math.max(now, due);
    for (;;) {
      const begun = beginRun(schedule, now);
      if (!begun) break;
      schedule = begun;
      const number = runs.push({ at: now, trigger: begun.trigger }) - 1;
      now += durations[number] ?? 1_000;
      takeAsks(now);
      if (!deaths.includes(number)) {
        schedule = endRun(schedule, outcomes[number] ?? true, now);
        break;
      }
      now += 2_000;
      takeAsks(now);
    }
    if (runs.length > 1_000) throw new Error("the runs do not end");
  }
}

const at = (runs: Ask[]) => runs.map((run) => run.at);
const cron = (seconds: number): Ask => ({ at: seconds * 1000, trigger: "cron" });
const webhook = (seconds: number): Ask => ({ at: seconds * 1000, trigger: "webhook" });

describe("the schedule of runs", () => {
  it("has one run at once for the cron, and nothing after it", () => {
    expect(simulate({ asks: [cron(60)] }).runs).toEqual([{ at: 60_000, trigger: "cron" }]);
  });

  it("has one run at once for a webhook, and a second look ten seconds after it", () => {
    expect(simulate({ asks: [webhook(60)] }).runs).toEqual([
      { at: 60_000, trigger: "webhook" },
      { at: 70_000, trigger: "webhook" },
    ]);
  });

  it("has one more run after one that is under way, however many ask", () => {
    const asks = [cron(60), ...Array.from({ length: 50 }, (_, i) => cron(61 + i))];
    expect(at(simulate({ asks, durations: [60_000] }).runs)).toEqual([60_000, 120_000]);
  });

  it("lets three seconds go by from one run to the next, for those who ask meanwhile", () => {
    expect(at(simulate({ asks: [cron(60), cron(60.5), cron(61.5), cron(62.9)], durations: [200] }).runs)).toEqual([
      60_000, 63_000,
    ]);
  });

  it("takes a burst of a hundred webhooks as three runs", () => {
    const asks = Array.from({ length: 100 }, (_, i) => webhook(60 + i / 50));
    expect(at(simulate({ asks, durations: [150, 150] }).runs)).toEqual([60_000, 63_000, 71_980]);
  });

  it("needs no second look of its own where a run began late enough", () => {
    expect(at(simulate({ asks: [webhook(60), cron(70)] }).runs)).toEqual([60_000, 70_000]);
    expect(at(simulate({ asks: [webhook(60), cron(69)] }).runs)).toEqual([60_000, 69_000, 70_000]);
  });

  it("tries a failed run again after 30 seconds and two minutes, and leaves it to the cron then", () => {
    const outcomes = [false, false, false];
    expect(simulate({ asks: [cron(60)], outcomes }).runs).toEqual([
      { at: 60_000, trigger: "cron" },
      { at: 91_000, trigger: "cron" },
      { at: 212_000, trigger: "cron" },
    ]);
    expect(at(simulate({ asks: [cron(60), cron(360)], outcomes: [...outcomes, false] }).runs)).toEqual([
      60_000, 91_000, 212_000, 360_000, 391_000,
    ]);
    expect(at(simulate({ asks: [cron(60)], outcomes: [false] }).runs)).toEqual([60_000, 91_000]);
  });

  it("has the second try of a webhook's run in the place of its second look", () => {
    const { runs } = simulate({ asks: [webhook(60)], outcomes: [false, false, false] });
    expect(at(runs)).toEqual([60_000, 91_000, 212_000]);
  });

  it("runs at once where it is asked between two tries, and counts the tries anew", () => {
    const outcomes = [false, false, false, false];
    expect(at(simulate({ asks: [cron(60), cron(80)], outcomes }).runs)).toEqual([60_000, 80_000, 111_000, 232_000]);
  });

  it("says what started a run: what asked for it first", () => {
    const trigger = (asks: Ask[]) => simulate({ asks, durations: [20_000] }).runs[1]?.trigger;
    expect(trigger([cron(60), webhook(61), cron(62)])).toBe("webhook");
    expect(trigger([webhook(60), cron(61), webhook(62)])).toBe("cron");
    expect(simulate({ asks: [webhook(60), cron(65)] }).runs.map((run) => run.trigger)).toEqual([
      "webhook",
      "cron",
      "webhook",
    ]);
  });

  it("has no run before its time: an alarm may go off twice, or a little early", () => {
    expect(beginRun(nothingDue, 60_000)).toBeUndefined();
    const asked = askForRun(nothingDue, "webhook", 60_000);
    expect(beginRun(asked, 59_999)).toBeUndefined();
    const begun = beginRun(asked, 60_000) ?? nothingDue;
    const ended = endRun(begun, true, 61_000);
    expect(beginRun(ended, 61_000)).toBeUndefined();
    expect(nextDue(ended)).toBe(70_000);
  });

  it("still has a run that died", () => {
    expect(at(simulate({ asks: [webhook(60)], deaths: [0] }).runs)).toEqual([60_000, 63_000, 70_000]);
  });

  it("is for runs that end within the 15 minutes of an alarm, even where others overtake them each time", () => {
    expect(writeAttempts * defaultLimits.runMs).toBeLessThanOrEqual(12 * 60_000);
  });

  const tries = { small: 100, large: 5_000 };
  const arbitraryWorld = fc.record({
    asks: fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 90_000 }), trigger: fc.constantFrom<Trigger>("cron", "webhook") }),
      { minLength: 1, maxLength: 60 },
    ),
    durations: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 20 }),
  });

  it("loses nothing that was asked, whenever, and whatever runs fail or die", () => {
    const outcomes = fc.array(fc.boolean(), { maxLength: 20 });
    const deaths = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(arbitraryWorld, outcomes, deaths, (world, outcomes, deaths) => {
        const { runs } = simulate({ ...world, outcomes, deaths });
        for (const ask of world.asks) {
          const seen = runs.findIndex((run, i) => run.at >= ask.at && !deaths.includes(i));
          expect(seen, `the ask at ${ask.at}`).not.toBe(-1);
        }
      }),
      numRuns(tries),
    );
  });

  it("looks ten seconds or more after every webhook, and is at rest soon after the last", () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const { runs, end } = simulate(world);
        for (const ask of world.asks.filter(({ trigger }) => trigger === "webhook")) {
          expect(runs.some((run) => run.at >= ask.at + 10_000)).toBe(true);
        }
        const last = Math.max(...world.asks.map((ask) => ask.at));
        expect(end).toBeLessThanOrEqual(last + 10_000 + 3 * 20_000);
      }),
      numRuns(tries),
    );
  });

  it("begins soon after a call even where the clock was set back since the last run", () => {
    const before: Schedule = { ...nothingDue, begunAt: 3_600_000 };
    expect(nextDue(askForRun(before, "cron", 1_000))).toBe(4_000);
  });
});
