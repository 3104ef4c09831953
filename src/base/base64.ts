/** As many bytes as a call may have arguments. */
const partBytes = 8_192;

/** Base64 of icons. It stands for js-base64 too (wrangler.toml, `alias`), of which the libSQL client uses this part. */
export const Base64 = {
  fromUint8Array(bytes: Uint8Array): string {
    let text = "";
    for (let i = 0; i < bytes.length; i += partBytes) text += String.fromCharCode(...bytes.subarray(i, i + partBytes));
    return btoa(text);
  },
  /** @throws DOMException for what is no base64 */
  toUint8Array(base64: string): Uint8Array<ArrayBuffer> {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  },
};
