import { describe, expect, it, vi } from "vitest";
import { writeFetch } from "../../src/db/fetch.ts";

describe("the deadline of a write", () => {
  it.each([
    ["10 s for nothing", 0, 10_000],
    ["in whole milliseconds", 1_000, 10_004],
    ["a second more for each 256 KB", 10 * 256_000, 20_000],
    ["two minutes more for the largest batch", 32 * 2 ** 20, 141_072],
  ])("is %s", async (_, bytes, milliseconds) => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    let sent = -1;
    const fetch = writeFetch({
      async fetch(input, init) {
        sent = (await new Request(input, init).arrayBuffer()).byteLength;
        return Response.json({});
      },
    });
    await fetch("http://127.0.0.1/v2/pipeline", { method: "POST", body: new Uint8Array(bytes) });
    expect(timeout).toHaveBeenCalledExactlyOnceWith(milliseconds);
    expect(sent).toBe(bytes);
    timeout.mockRestore();
  });
});
