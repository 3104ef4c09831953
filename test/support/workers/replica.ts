import worker, { SyncRunner as DeployedRunner, Sources as DeployedSources } from "../../../src/worker.ts";

// The Worker as it is deployed, but for two things that a test cannot wait for or look into.

export default worker;

/** In the place of the platform's cache, which is not on this machine: the log has a line for each time it is told. */
export class Sources extends DeployedSources {
  override async invalidate(): Promise<boolean> {
    console.log("the cache is told");
    return true;
  }
}

/** The runner with short pauses, which knows when it is at rest. */
export class SyncRunner extends DeployedRunner {
  protected override readonly lookAgainMs = 500;
  #isRunning = false;

  protected override async run(...args: Parameters<DeployedRunner["run"]>): Promise<boolean> {
    if (this.#isRunning) console.error("two runs at once");
    this.#isRunning = true;
    return super.run(...args).finally(() => {
      this.#isRunning = false;
    });
  }

  /** Whether no run is under way, and none is due. */
  async isAtRest(): Promise<boolean> {
    return !this.#isRunning && (await this.ctx.storage.getAlarm()) === null;
  }
}
