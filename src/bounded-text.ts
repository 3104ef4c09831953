/** A body has more bytes than may be read of it. */
export class BodyTooLong extends Error {
  override name = "BodyTooLong";
}

/**
 * Reads a body as UTF-8 text, and no more of it than is allowed: Content-Length says nothing of a body that is compressed.
 * @param maxBytes after decompression
 * @throws BodyTooLong, or whatever a broken connection throws
 */
export async function readBoundedText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Not `for await`: the types of workerd and Node differ in whether a body can be iterated.
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.byteLength;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw new BodyTooLong(`a body of more than ${maxBytes} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}
