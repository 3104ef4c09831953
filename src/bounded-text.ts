/** A body is not UTF-8. */
export class NotUtf8 extends Error {
  override name = "NotUtf8";
}

/** A body has more bytes than may be read of it. */
export class BodyTooLong extends Error {
  override name = "BodyTooLong";
}

/**
 * Reads a body as UTF-8 text, and no more of it than is allowed: Content-Length says nothing of a body that is compressed.
 * @param maxBytes after decompression
 * @throws BodyTooLong, NotUtf8, or whatever a broken connection throws
 */
export const readBoundedText = async (message: Request | Response, maxBytes: number): Promise<string> =>
  (await readBounded(message, maxBytes)).text;

/** The same, with how many bytes it was. */
export async function readBounded(
  message: Request | Response,
  maxBytes: number,
): Promise<{ text: string; bytes: number }> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  const decode = (chunk?: Uint8Array) => {
    try {
      text += decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new NotUtf8("a body that is not UTF-8", { cause });
    }
  };
  const reader = message.body && readerOf(message.body);
  // The last part may come with the end.
  for (let isDone = reader === null; reader && !isDone; ) {
    const { value, done } = await reader.read();
    isDone = done;
    if (!value) continue;
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new BodyTooLong(`a body of more than ${maxBytes} bytes`);
    }
    decode(value);
  }
  decode();
  return { text, bytes };
}

const partBytes = 64 * 1024;

/** Reads in large parts, where the stream is one of bytes: by itself workerd gives 4 KiB, and each read costs. */
function readerOf(body: ReadableStream<Uint8Array>) {
  try {
    const reader = body.getReader({ mode: "byob" });
    // Each read gives its memory back: to clear 64 KiB anew costs as much as to read them.
    let memory = new Uint8Array(partBytes);
    const read = async () => {
      const part = await reader.read(memory);
      if (part.value) memory = new Uint8Array(part.value.buffer);
      return part;
    };
    return { read, cancel: () => reader.cancel() };
  } catch {
    return body.getReader();
  }
}
