import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./run.ts";

/** Who gives out tokens for an sqld: a pair of keys of its own, of which the server gets the public one. */
export function createAuth() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const keyFile = join(temporaryFolder(), "jwt.pem");
  writeFileSync(keyFile, publicKey.export({ type: "spki", format: "pem" }));
  return {
    keyFile,
    /** A JWT. `a: "ro"` may only read, `exp` is the second at which it ends; without claims it may do everything for ever. */
    token(claims: { a?: "ro" | "rw"; exp?: number } = {}): string {
      const signed = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
    },
  };
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
