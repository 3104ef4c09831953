import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { start } from "../support/run.ts";

describe("npm run bench", () => {
  it("says on stderr what takes its time, before there are tables", async () => {
    const bench = start("npm", ["run", "--silent", "bench", "--", "--quick"]);
    const ended = new Promise((resolve) => bench.once("close", resolve));
    const { pid, stdout, stderr } = bench;
    if (!pid || !stdout || !stderr) throw new Error("the bench has not started");
    const stop = async () => {
      if (bench.exitCode === null && bench.signalCode === null) process.kill(-pid, "SIGINT");
      await ended;
    };
    onTestFinished(stop);

    let tables = "";
    stdout.on("data", (chunk) => {
      tables += chunk;
    });
    const steps: string[] = [];
    for await (const line of createInterface({ input: stderr })) {
      steps.push(line);
      if (steps.length === 2) break;
    }
    await stop();
    expect(steps).toEqual([
      expect.stringMatching(/^\d+ s: filling a store with 12,000 sources$/),
      expect.stringMatching(/^\d+ s: bundling worker$/),
    ]);
    expect(tables).toBe("");
  });
});
