import { sha256, sha256Hexadecimal } from "../base/sha256.ts";

const prefix = "ase_";
const randomLength = 30;
const checksumLength = 6;
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const shape = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`);

/** A new token: `ase_`, 30 random base62 digits (178 bits), and 6 that are their checksum. */
export async function createToken(): Promise<string> {
  const body = prefix + randomDigits(randomLength);
  return body + (await checksum(body));
}

/** Whether text can be a token of ours. Text without our prefix can: it may have been stored as it is. */
export async function isWellFormed(token: string): Promise<boolean> {
  if (!token.startsWith(prefix)) return true;
  return shape.test(token) && token.endsWith(await checksum(token.slice(0, -checksumLength)));
}

/** SHA-256 of the token in hexadecimal: all that is ever stored of it. */
export const digestToken = (token: string): Promise<string> => sha256Hexadecimal(token);

/** Six base62 digits from the first bytes of SHA-256; enough to catch a mistyped token without asking the store. */
async function checksum(body: string): Promise<string> {
  return [...(await sha256(body))].slice(0, checksumLength).map(toDigit).join("");
}

const toDigit = (value: number) => digits.charAt(value % digits.length);

/** Bytes from 248 on are thrown away, since 248 is the last multiple of 62: so every digit is equally likely. */
function randomDigits(length: number): string {
  let text = "";
  while (text.length < length) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    text += [...bytes]
      .filter((byte) => byte < 248)
      .map(toDigit)
      .join("");
  }
  return text.slice(0, length);
}
