import { expect, it } from "vitest";
import { run } from "../support/run.ts";

it("a passing run of the tests shows no stacks of the runtime, though they break connections", async () => {
  const { code, stdout, stderr } = await run("npx", [
    "vitest",
    "run",
    "--project",
    "worker",
    "test/store-faults.test.ts",
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/\d\d passed/);
  expect(stdout).not.toMatch(/exception|stack/);
});
