/** Of every byte: formatting each anew costs as much as the digest itself. */
const hexadecimalOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

type Content = string | Uint8Array<ArrayBuffer>;

/** SHA-256 of bytes, or of a text in UTF-8. */
export async function sha256(content: Content): Promise<Uint8Array> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function sha256Hexadecimal(content: Content): Promise<string> {
  let hexadecimal = "";
  for (const byte of await sha256(content)) hexadecimal += hexadecimalOf[byte];
  return hexadecimal;
}
