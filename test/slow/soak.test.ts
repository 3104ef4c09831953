// Holds P11: docs/promises.md.

import { describe, expect, it } from "vitest";
import { run } from "../support/run.ts";

/** Another one each time. A failure names it, and `npm run soak -- --seed N` repeats it. */
const seed = Math.floor(Math.random() * 1_000_000_000);

const soak = (...args: string[]) => run(process.execPath, ["--expose-gc", "bench/soak.ts", ...args]);

describe("the soak", () => {
  it("finds memory flat over 5,000 bad tokens, bad JWTs and URLs each, and no fault in hostile queries", async () => {
    const { code, stdout, stderr } = await soak("--flood", "5000", "--queries", "500", "--seed", String(seed));
    console.info(`--seed ${seed}: ${stdout}`);
    expect(code, stdout + stderr).toBe(0);
    for (const what of ["bad tokens", "bad JWTs", "different URLs"])
      expect(stdout).toMatch(new RegExp(`^5,000 ${what}: heap in MiB from request 2,000 on: ([0-9.]+ ?){11}$`, "m"));
    expect(stdout).toMatch(/^500 queries, from number 0: [0-9]+ × 200, [0-9]+ × 400, [0-9]+ × 404$/m);
    expect(stderr).toBe("");
  });

  it("plays histories of the model, a seed at least, and says how many", async () => {
    const { code, stdout, stderr } = await soak("--model", "--minutes", "0", "--seed", "1");
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^200 histories, [0-9,]+ steps, 1 seeds from 1 on, [0-9.]+ min$/m);
    expect(stderr).toMatch(/^[0-9.]+ min: 200 histories, [0-9,]+ steps, up to seed 1$/m);
  });

  it.each([[["--minutes", "x"]], [["--flood", "3999"]], [["--queries", "many"]], [["--seed", "-1"]], [["now"]]])(
    "refuses %j with what would be right",
    async (args) => {
      const { code, stderr } = await soak(...args);
      expect(code).toBe(2);
      expect(stderr).toContain("See npm run soak -- --help");
    },
  );
});
