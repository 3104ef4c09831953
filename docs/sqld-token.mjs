// A token for clients of sqld: node docs/sqld-token.mjs KEY [CLAIMS]
//   KEY     a file with the private Ed25519 key, whose public key the server has (--auth-jwt-key-file)
//   CLAIMS  JSON. "a": "ro" may only read, "rw" may write too; "exp": when it ends, in seconds since 1970. Default {"a":"ro"}

import { sign } from "node:crypto";
import { readFileSync } from "node:fs";

const [, , keyFile, claims = '{"a":"ro"}'] = process.argv;
if (!keyFile || keyFile.startsWith("-")) {
  console.error(
    readFileSync(new URL(import.meta.url), "utf8")
      .split("\n\n")[0]
      .replaceAll(/^\/\/ ?/gm, ""),
  );
  process.exit(keyFile === "--help" ? 0 : 2);
}

const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const signed = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(JSON.parse(claims))}`;
console.log(`${signed}.${sign(null, Buffer.from(signed), readFileSync(keyFile)).toString("base64url")}`);
