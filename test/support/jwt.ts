/** Real keys of an issuer, by what a test calls them, and tokens that they sign. */
const kinds = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519", namedCurve: "Ed25519" },
} as const;

export type Algorithm = keyof typeof kinds;

export const encodePart = (part: unknown): string =>
  encodeBytes(new TextEncoder().encode(typeof part === "string" ? part : JSON.stringify(part)));

const encodeBytes = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export type SigningKey = Awaited<ReturnType<typeof createSigningKey>>;

export async function createSigningKey(alg: Algorithm, kid: string) {
  const kind = { ...kinds[alg], saltLength: 32 };
  const pair = await crypto.subtle.generateKey(kind, true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new Error("there is no pair of keys");
  const { kty, n, e, crv, x, y } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const parts = Object.fromEntries(Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined));
  return {
    alg,
    kid,
    /** As a key set has it. */
    jwk: { ...parts, kid, alg, use: "sig" },
    async sign(claims: unknown, header: object = {}): Promise<string> {
      const signed = `${encodePart({ alg, typ: "JWT", kid, ...header })}.${encodePart(claims)}`;
      const signature = await crypto.subtle.sign(kind, pair.privateKey, new TextEncoder().encode(signed));
      return `${signed}.${encodeBytes(new Uint8Array(signature))}`;
    },
  };
}
