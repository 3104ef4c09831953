import { parseJson } from "./json.ts";
import { isPlainObject } from "./secrets.ts";

/** The keys of a source that hold the addresses of its icons; text, or an object of texts. */
const addressKeys = ["icon", "icon_url", "icon_themed_urls"];

/** The parameters that sign an address or date its signature, in any letter case, each with who writes it. */
const signing: { names: RegExp; by: string }[] = [
  { names: /^token$/, by: "authentik 2025.12 for files that it keeps: authentik/admin/files/backends/file.py" },
  { names: /^x-amz-[a-z-]+$/, by: "S3, version 4: AWS, Authenticating Requests: Using Query Parameters" },
  { names: /^(awsaccesskeyid|signature|expires)$/, by: "S3, version 2: AWS, Signing and authenticating REST requests" },
  {
    names: /^(policy|key-pair-id|hash-algorithm)$/,
    by: "CloudFront, besides `Expires` and `Signature`: AWS, Signed URLs",
  },
  {
    names: /^(x-goog-[a-z-]+|googleaccessid)$/,
    by: "Cloud Storage, which authentik's S3 backend reaches too: Google, Signed URLs",
  },
];

const isSigning = (parameter: string) => {
  const [name = ""] = parameter.toLowerCase().split("=");
  return signing.some(({ names }) => names.test(name));
};

/** An address, which may be a path, without what signs it: the same for as long as the file is. */
export function unsignedAddress(address: string): string {
  const [, path, query, fragment] = /^([^?#]*)\?([^#]*)(.*)$/s.exec(address) ?? [];
  if (path === undefined || query === undefined) return address;
  const kept = query.split("&").filter((parameter) => !isSigning(parameter));
  return `${path}${kept.length > 0 ? `?${kept.join("&")}` : ""}${fragment}`;
}

/** Nearly all documents have no address with a query that could be one: they need not be parsed. */
const maySign = /[?&](token|x-amz-|x-goog-|awsaccesskeyid|googleaccessid|signature|expires|policy|key-pair-id|hash-)/i;

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
  if (!maySign.test(document)) return document;
  const source = parseJson(document);
  if (!isPlainObject(source)) return document;
  return JSON.stringify({ ...source, ...Object.fromEntries(signed(source)) });
}

const signed = (source: Record<string, unknown>) =>
  addressKeys.flatMap((key) => (key in source ? [[key, unsigned(source[key])] as const] : []));

/** How many addresses of icons differ between two documents of a source. */
export function countRenewed(before: string, after: string): number {
  const [from, to] = [addressesOf(before), addressesOf(after)];
  return to.filter((address, i) => address !== from[i]).length;
}

function addressesOf(document: string): unknown[] {
  const source: Record<string, unknown> = JSON.parse(document);
  return addressKeys.flatMap((key) => (isPlainObject(source[key]) ? Object.values(source[key]) : [source[key]]));
}
