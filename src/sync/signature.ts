import { parseJson } from "./json.ts";
import { isPlainObject } from "./secrets.ts";

/** The keys of a source that hold the addresses of its icons; text, or an object of texts. */
const addressKeys = ["icon", "icon_url", "icon_themed_urls"];

/** The parameters that sign an address or date its signature, in lower case, each line with who writes it. */
const signing = [
  // authentik 2025.12 and later, for files that it keeps: authentik/admin/files/backends/file.py
  /^token$/,
  // S3, version 4: AWS, "Authenticating Requests: Using Query Parameters"
  /^x-amz-/,
  // S3, version 2: AWS, "Signing and authenticating REST requests"
  /^(awsaccesskeyid|signature|expires)$/,
  // CloudFront, besides `Expires` and `Signature`: AWS, "Use signed URLs"
  /^(policy|key-pair-id|hash-algorithm)$/,
  // Cloud Storage, which speaks S3 too: Google, "Signed URLs"
  /^(x-goog-.*|googleaccessid)$/,
];

const isSigning = (parameter: string) => {
  const [name = ""] = parameter.toLowerCase().split("=");
  return signing.some((names) => names.test(name));
};

/** An address, which may be a path, without what signs it: the same for as long as the file is. */
export function unsignedAddress(address: string): string {
  const [, path, query, fragment] = /^([^?#]*)\?([^#]*)(.*)$/s.exec(address) ?? [];
  if (path === undefined || query === undefined) return address;
  const kept = query.split("&").filter((parameter) => !isSigning(parameter));
  return `${path}${kept.length > 0 ? `?${kept.join("&")}` : ""}${fragment}`;
}

const unsigned = (value: unknown): unknown => {
  if (typeof value === "string") return unsignedAddress(value);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unsigned(each)]));
};

/**
 * A source's document without what signs the addresses of its icons: authentik signs them anew with every answer, which is no
 * change of the source. It is for comparisons alone.
 */
export function unsignedDocument(document: string): string {
  // Most have no address with a query: they need not be parsed.
  if (!document.includes("?")) return document;
  const source = parseJson(document);
  if (!isPlainObject(source)) return document;
  return JSON.stringify({
    ...source,
    ...Object.fromEntries(addressKeys.flatMap((key) => (key in source ? [[key, unsigned(source[key])]] : []))),
  });
}

/** How many addresses of icons differ between two documents of a source. */
export function countRenewed(before: string, after: string): number {
  const [from, to] = [addressesOf(before), addressesOf(after)];
  return to.filter((address, i) => address !== from[i]).length;
}

function addressesOf(document: string): unknown[] {
  const source: Record<string, unknown> = JSON.parse(document);
  return addressKeys.flatMap((key) => (isPlainObject(source[key]) ? Object.values(source[key]) : [source[key]]));
}
