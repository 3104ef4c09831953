import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run, temporaryFolder } from "../support/run.ts";

describe("a run of tests that pass", () => {
  it("shows no stacks of the runtime, though they break connections, and leaves no files", async () => {
    const folder = temporaryFolder();
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", "worker", "test/worker/store-faults.test.ts"];
    const { code, stdout, stderr } = await run(process.execPath, args, { TMPDIR: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/\d\d passed/);
    expect(stdout).not.toMatch(/exception|stack/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
