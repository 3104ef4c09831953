import { describe, expect, it } from "vitest";
import { playHistories } from "../model/in-node.ts";
import { keepFailure } from "../model/keep-failure.ts";

/** Another one each day, which the run prints: see vitest.config.ts. */
const seed = Number(process.env.MODEL_SEED);

describe("the model", () => {
  it("finds no history of 1,000 that breaks a promise", { timeout: 1_200_000 }, async () => {
    const { histories, failure } = await playHistories({ seed, histories: 1_000 });
    expect(failure?.table, failure && `${failure.message}, kept in ${keepFailure(failure)}\n`).toBe(undefined);
    expect(histories).toBe(1_000);
  });
});
