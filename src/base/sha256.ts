/** Of every byte: formatting each anew costs as much as the digest itself. */
const hexadecimalOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

export async function sha256Hexadecimal(text: string): Promise<string> {
  let hexadecimal = "";
  for (const byte of await sha256(text)) hexadecimal += hexadecimalOf[byte];
  return hexadecimal;
}
