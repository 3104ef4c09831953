import { BodyTooLong, NotUtf8, readBoundedText } from "../../base/bounded-text.ts";
import { byteLength } from "../../base/byte-length.ts";
import { countValues, parseJson } from "../json.ts";
import { Passing, SyncError } from "../sync-error.ts";
import type { Limits } from "./limits.ts";

export interface UpstreamResponse {
  json: unknown;
  /** The size of the text. */
  bytes: number;
  /** How many values it has, in any depth. */
  values: number;
}

/** @throws SyncError for what is no JSON, or is over a limit */
export async function readJson(response: Response, limits: Limits, address: string): Promise<UpstreamResponse> {
  const [type = "nothing"] =
    response.headers
      .get("Content-Type")
      ?.toLowerCase()
      .match(/^[-+.\w]+\/[-+.\w]+/) ?? [];
  if (!/^application\/(json|[-.\w]+\+json)$/.test(type)) {
    await response.body?.cancel();
    throw new SyncError(`${address} answered with ${type}, not with JSON: is authentik there?`);
  }
  const text = await readText(response, limits.pageBytes, address);
  const values = countValues(text);
  if (values > limits.pageValues) throw new SyncError(`${address} answered with more than ${limits.pageValues} values`);
  try {
    return { json: parseJson(text), bytes: byteLength(text), values };
  } catch {
    throw new SyncError(`${address} answered with something that is not JSON, though it says so`);
  }
}

export async function readText(response: Response, maxBytes: number, address: string): Promise<string> {
  try {
    return await readBoundedText(response, maxBytes);
  } catch (error) {
    if (error instanceof BodyTooLong) throw new SyncError(`${address} answered with more than ${maxBytes} bytes`);
    if (error instanceof NotUtf8) throw new SyncError(`${address} answered with something that is not UTF-8`);
    throw error;
  }
}

/** The likely cause of each status, for a person. */
const remedies: Record<number, string> = {
  401: "the token is not one of authentik's API tokens, or has expired",
  403: "the token is no good, or its user may not view OAuth sources",
  404: "is it the address of an authentik?",
};

/** The error for a status other than 200: a passing one for 429 and 5xx. */
export function refusal({ status, headers }: Response, address: string, now: number): SyncError {
  const remedy = remedies[status];
  const message = `${address} answered ${status}${remedy ? `: ${remedy}` : ""}`;
  const mayPass = status === 429 || status >= 500;
  return mayPass ? new Passing(message, retryAfter(headers.get("Retry-After"), now)) : new SyncError(message);
}

/** Seconds, or a date (RFC 9110, section 10.2.3); 0 for neither. */
function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^[0-9]{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
