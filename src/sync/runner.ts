import { DurableObject } from "cloudflare:workers";
import { describeError } from "../base/describe-error.ts";
import type { Trigger } from "./runs.ts";

/** Of a run that has failed; after them the cron's next one will do. */
const retries = 2;

/**
 * Runs the sync by its alarm, one run at a time, whichever isolate asks. The platform does the rest: calls coalesce in the one
 * alarm, which comes at least once, and again with growing pauses where `alarm` throws or is killed. An alarm that is set while
 * `alarm` runs takes the place of such a retry, so nothing that was asked for is lost.
 */
export abstract class AlarmRunner<Env> extends DurableObject<Env> {
  /** From a webhook to the second look: authentik tells of a deletion before the row is gone. Tests have a shorter one. */
  protected readonly lookAgainMs: number = 10_000;

  /** @returns whether it has gone well */
  protected abstract run(trigger: Trigger): Promise<boolean>;

  /** Asks for a run that begins after this call, and after a webhook for another one some seconds later. */
  async request(trigger: Trigger): Promise<void> {
    const { storage } = this.ctx;
    storage.kv.put("trigger", trigger);
    if (trigger === "webhook") storage.kv.put("lookAgainAt", Date.now() + this.lookAgainMs);
    await storage.setAlarm(Date.now());
  }

  override async alarm({ retryCount }: Pick<AlarmInvocationInfo, "retryCount"> = { retryCount: 0 }): Promise<void> {
    const { storage } = this.ctx;
    const startedAt = Date.now();
    const isGood = await this.run(storage.kv.get<Trigger>("trigger") ?? "cron").catch((error) => {
      console.error(JSON.stringify({ job: "sync", error: describeError(error) }));
      return false;
    });
    // Asked for meanwhile: that run sees to the rest.
    if ((await storage.getAlarm()) !== null) return;
    const lookAgainAt = storage.kv.get<number>("lookAgainAt") ?? 0;
    if (lookAgainAt > startedAt) await storage.setAlarm(lookAgainAt);
    else if (!isGood && retryCount < retries) throw new Error("the run has failed: the platform tries again");
  }
}
