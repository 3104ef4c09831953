import { describe, expect, it } from "vitest";
import { describeError } from "../../src/base/describe-error.ts";

describe("an error in the log", () => {
  it("has its own message and that of the innermost cause, not the statement between, which holds a token's digest", () => {
    const digest = "4c5dc9b7708905f77f5e5d16316b5dfb425e68cb326dcd55a860e90a7707031e";
    const refused = new Error("connection refused");
    const failed = new Error(`Failed query: select … where digest = ?\nparams: ${digest}`, { cause: refused });
    const error = new Error("the store did not answer", { cause: failed });
    expect(describeError(error)).toBe("the store did not answer: connection refused");
    expect(describeError(new Error("outer", { cause: error }))).toBe("outer: connection refused");
  });

  it.each([
    [new Error("alone"), "alone"],
    ["a text", "a text"],
    [undefined, "undefined"],
    [new Error("x", { cause: "a text" }), "x: a text"],
  ])("is %j in words", (error, words) => {
    expect(describeError(error)).toBe(words);
  });

  it("has no escape sequence of what a server said", () => {
    const error = new Error("the store did not answer", { cause: new Error("\x1b]0;gone\x07 \u202eno") });
    expect(describeError(error)).toBe("the store did not answer: %1B]0;gone%07 %E2%80%AEno");
  });
});
