import { DurableObject } from "cloudflare:workers";
import { describe } from "../http/errors.ts";
import type { Trigger } from "./runs.ts";
import {
  askForRun,
  beginRun,
  defaultPauses,
  endRun,
  nextDue,
  nothingDue,
  type Pauses,
  type Schedule,
} from "./schedule.ts";

/**
 * Runs the sync by its alarm, one run at a time, whichever isolate asks. The schedule is in its storage, so that nothing that
 * was asked for is lost where the object is evicted, or killed in the middle of a run: the platform then calls the alarm again.
 */
export abstract class AlarmRunner<Env> extends DurableObject<Env> {
  /** Of the schedule; tests have shorter ones. */
  protected readonly pauses: Pauses = defaultPauses;

  /** @returns whether it has gone well */
  protected abstract run(trigger: Trigger): Promise<boolean>;

  /** Asks for a run that begins after this call. */
  request(trigger: Trigger): void {
    this.#keep(askForRun(this.#schedule(), trigger, Date.now(), this.pauses));
  }

  override async alarm(): Promise<void> {
    const begun = beginRun(this.#schedule(), Date.now());
    if (!begun) return this.#keep(this.#schedule());
    // The alarm is not set before the end: the platform calls a killed one again, with growing pauses.
    this.ctx.storage.kv.put("schedule", begun);
    const isGood = await this.run(begun.trigger).catch((error) => {
      console.error(JSON.stringify({ job: "sync", error: describe(error) }));
      return false;
    });
    this.#keep(endRun(this.#schedule(), isGood, Date.now(), this.pauses));
  }

  #schedule(): Schedule {
    return this.ctx.storage.kv.get<Schedule>("schedule") ?? nothingDue;
  }

  // Nothing is awaited between reading the schedule and here, or what is asked for meanwhile would be lost.
  #keep(schedule: Schedule): void {
    this.ctx.storage.kv.put("schedule", schedule);
    const next = nextDue(schedule);
    if (next !== undefined) void this.ctx.storage.setAlarm(next);
  }
}
