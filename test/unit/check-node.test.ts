import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { run } from "../support/run.ts";

/** Runs the check under a Node that says it is of that version. */
const check = (version: string) =>
  run(process.execPath, [
    "-e",
    `Object.defineProperty(process, "versions", { value: { node: "${version}" } }); require("./tools/check-node.cjs")`,
  ]);

describe("the check of Node", () => {
  it.each(["18.20.8", "20.20.2", "22.17.1"])("refuses %s in one sentence that says what to do", async (version) => {
    const { code, stderr } = await check(version);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^This needs Node 22\.18 or newer, and this is [\d.]+\. .*`npm rebuild node`.*\n$/);
    expect(stderr).toContain(version);
  });

  it.each(["22.18.0", "24.0.0"])("lets %s pass, and says nothing", async (version) => {
    expect(await check(version)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  it("comes before npm run dev and npm test", () => {
    const { predev, pretest } = manifest.scripts;
    expect([predev, pretest]).toEqual(["node tools/check-node.cjs", "node tools/check-node.cjs"]);
  });
});
