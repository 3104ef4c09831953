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
export async function readBoundedText(message: Request | Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  const decode = (part?: Uint8Array) => {
    try {
      text += decoder.decode(part, { stream: part !== undefined });
    } catch (cause) {
      throw new NotUtf8("a body that is not UTF-8", { cause });
    }
  };
  await readParts(message, maxBytes, decode);
  decode();
  return text;
}

/**
 * Reads a body as bytes, with the same bound.
 * @param maxBytes after decompression
 * @throws BodyTooLong, or whatever a broken connection throws
 */
export async function readBoundedBytes(
  message: Request | Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  await readParts(message, maxBytes, (part) => parts.push(part.slice()));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** @param take called with each part, whose memory is the next one's */
async function readParts(message: Request | Response, maxBytes: number, take: (part: Uint8Array) => void) {
  let bytes = 0;
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
    take(value);
  }
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
