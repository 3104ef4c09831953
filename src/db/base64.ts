/** Stands for js-base64 in the Worker (wrangler.toml, `alias`): the part that the libSQL client uses. */
export const Base64 = {
  fromUint8Array: (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")),
  toUint8Array: (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
};
