import { expect } from "vitest";
import { run } from "./run.ts";

/** Where the authentik of the recorded cases is. */
export const authentikUrl = "http://authentik.example";

/** Runs the recorded cases of a fixture against a Worker that has it for its list: all pass, and none is skipped. */
export async function expectRecordedCases(name: string, base: string, tokens: { reader: string; denied: string }) {
  const { code, stdout, stderr } = await run(process.execPath, [
    ...["test/conformance/run.mjs", "--base", base, "--public-url", authentikUrl],
    ...["--token", tokens.reader, "--denied-token", tokens.denied],
    ...["--cases", `test/conformance/cases/${name}.json`],
  ]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/[0-9]{3} passed, 0 failed/);
  expect(stdout).not.toContain("skipped");
}
