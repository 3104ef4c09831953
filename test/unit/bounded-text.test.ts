import { describe, expect, it } from "vitest";
import { BodyTooLong, NotUtf8, readBoundedBytes, readBoundedText } from "../../src/base/bounded-text.ts";

/** A body that arrives in parts, and says what became of it. */
function bodyOf(...parts: Uint8Array[]) {
  const state = { isCancelled: false };
  const left = [...parts];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = left.shift();
      if (part) controller.enqueue(part);
      else controller.close();
    },
    cancel() {
      state.isCancelled = true;
    },
  });
  return { response: new Response(body), state };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("readBoundedText", () => {
  it("reads a body of as many bytes as are allowed", async () => {
    expect(await readBoundedText(new Response("héllo"), 6)).toBe("héllo");
    expect(await readBoundedText(new Response(null), 0)).toBe("");
  });

  it("reads a character that is cut between two parts, and drops a byte order mark", async () => {
    const text = bytes("\ufeffa🔑");
    expect(await readBoundedText(bodyOf(text.slice(0, 5), text.slice(5)).response, 100)).toBe("a🔑");
  });

  it("stops at a byte more than is allowed, and cancels the rest", async () => {
    const { response, state } = bodyOf(bytes("abc"), bytes("def"), bytes("ghi"));
    await expect(readBoundedText(response, 5)).rejects.toThrow(BodyTooLong);
    expect(state.isCancelled).toBe(true);
  });

  it.each([
    ["a stray byte", new Uint8Array([0x61, 0xff])],
    ["half a character at its end", new Uint8Array([0x61, 0xc3])],
    ["half a surrogate pair", new Uint8Array([0xed, 0xa0, 0x80])],
  ])("refuses a body with %s", async (_, body) => {
    await expect(readBoundedText(new Response(body), 100)).rejects.toThrow(NotUtf8);
  });
});

describe("readBoundedBytes", () => {
  it("reads a body in parts as it is, and no more of it than is allowed", async () => {
    const parts = [new Uint8Array([0xff, 0]), new Uint8Array([1])];
    expect(await readBoundedBytes(bodyOf(...parts).response, 3)).toEqual(new Uint8Array([0xff, 0, 1]));
    const long = new Uint8Array(200_000).map((_, i) => i % 251);
    expect(await readBoundedBytes(new Response(long), 200_000)).toEqual(long);
    const { response, state } = bodyOf(...parts);
    await expect(readBoundedBytes(response, 2)).rejects.toThrow(BodyTooLong);
    expect(state.isCancelled).toBe(true);
    expect(await readBoundedBytes(new Response(null), 0)).toHaveLength(0);
  });
});
