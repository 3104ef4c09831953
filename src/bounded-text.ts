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
  let bytes = 0;
  const decode = (chunk?: Uint8Array) => {
    try {
      text += decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new NotUtf8("a body that is not UTF-8", { cause });
    }
  };
  // Not `for await`: the types of workerd and Node differ in whether a body can be iterated.
  const reader = message.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.byteLength;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw new BodyTooLong(`a body of more than ${maxBytes} bytes`);
    }
    decode(part.value);
  }
  decode();
  return text;
}
