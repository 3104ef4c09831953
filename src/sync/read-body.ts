import { SyncError } from "./sync-error.ts";

/**
 * Reads a body as text, and no more of it than is allowed: what it claims to be long says nothing of what it is.
 * @throws SyncError; whatever a broken connection throws is passed on
 */
export async function readBody(response: Response, maxBytes: number, address: string): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  const decode = (chunk?: Uint8Array) => {
    try {
      text += decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new SyncError(`${address} answered with something that is not UTF-8`);
    }
  };
  // Not `for await`: workerd's types and Node's differ in whether a body can be iterated.
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.byteLength;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw new SyncError(`${address} answered with more than ${maxBytes} bytes`);
    }
    decode(part.value);
  }
  decode();
  return text;
}
