/** A key speaks of a secret by whole words: `client_secret` does, `secretary`, `passwordless` and `client_assertion_type` do not. */
const secret = /(secret|password|passwd|passphrase)s?(_|$)|private_?keys?(_|$)|assertions?$/;

/** Words end where a letter of another case or something other than a letter follows: `client_secret`, `clientSecret`. */
const word = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;

/** The words of a key in lower case, with `_` between them. */
export const wordsOf = (key: string): string => (key.match(word) ?? []).join("_").toLowerCase();

/** Whether a key's value is never stored or served. */
export const isSecretKey = (key: string): boolean => secret.test(wordsOf(key));

/** What only the owner of a JSON Web Key may know (RFC 7518, section 6); an object with `kty` is such a key. */
const privateMembers = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k"]);

export const isPrivateMember = (owner: Record<string, unknown>, key: string): boolean =>
  privateMembers.has(key) && Object.hasOwn(owner, "kty");

/** Neither null nor an array, nor one of `JSON.rawJSON`, which has no prototype. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
