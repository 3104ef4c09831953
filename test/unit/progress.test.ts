import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { showProgress } from "../../tools/progress.ts";

function shownOn(isTTY: boolean) {
  const stderr = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY });
  const show = showProgress(stderr, "pages read");
  for (const done of [1, 2]) show(done, 2);
  return stderr.read();
}

describe("progress", () => {
  it("is one line of a terminal, which ends with the work", () => {
    expect(shownOn(true)).toBe("\r1 of 2 pages read\r2 of 2 pages read\n");
  });

  it("is not written to what is no terminal", () => {
    expect(shownOn(false)).toBe(null);
  });
});
