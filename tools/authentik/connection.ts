import { SyncError } from "../../src/sync/sync-error.ts";
import { shownAddress } from "../../src/sync/upstream/address.ts";
import { codeOf } from "../../src/sync/upstream/fetch.ts";
import { readText } from "../../src/sync/upstream/response.ts";
import { type Answer, Refusal, refusalOf, withoutSecrets } from "./refusal.ts";

/** A page of a hundred rules brings the users of their groups along. */
const maxBytes = 8 * 1024 * 1024;

type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Connection {
  /** The API's address, with a slash at its end. */
  api: URL;
  token: string;
  /** Every secret that is met is put in here: authentik may send back what it was sent, and what it sends is shown. */
  secrets: Set<string>;
  /** What to do where authentik takes the token and says no, or does not take it: a clause. */
  remedy: string;
  /** For one request, its answer included; milliseconds. */
  deadlineMs: number;
  fetch: typeof fetch;
}

/**
 * Sends one request, once: what it does may have been done even where no answer comes, and a second run finds it. Redirects
 * are not followed, since the token would go along.
 * @throws Refusal where there is no answer
 */
export async function send(connection: Connection, method: Method, path: string, sent?: unknown): Promise<Answer> {
  const url = new URL(path, connection.api);
  const address = shownAddress(url.href);
  const asked = `${method} ${address}`;
  try {
    const response = await connection.fetch(url.href, {
      method,
      headers: {
        Authorization: `Bearer ${connection.token}`,
        Accept: "application/json",
        "User-Agent": "authentik-sources-edge",
        ...(sent !== undefined && { "Content-Type": "application/json" }),
      },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(connection.deadlineMs),
    });
    const [type = ""] = (response.headers.get("Content-Type") ?? "").toLowerCase().split(";");
    const location = response.headers.get("Location");
    const body = await readText(response, maxBytes, address);
    const text = response.ok ? body : withoutSecrets(body, connection.secrets);
    return {
      asked,
      status: response.status,
      type: type.trim(),
      json: type.trim() === "application/json" ? parseJson(text) : undefined,
      location: location === null ? undefined : shownAddress(URL.parse(location, url.href)?.href ?? ""),
    };
  } catch (error) {
    if (error instanceof SyncError) throw new Refusal(error.message);
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new Refusal(`${asked} was not answered in full within ${connection.deadlineMs / 1000} s`);
    }
    // Its own message is not told: who knows what a runtime puts into it.
    throw new Refusal(`${asked}: the connection failed${codeOf(error)}`);
  }
}

/**
 * Sends one request, and gives the JSON of an answer that says yes.
 * @throws Refusal, a sentence to act on
 */
export async function call(connection: Connection, method: Method, path: string, sent?: unknown): Promise<unknown> {
  const answer = await send(connection, method, path, sent);
  const isGood = answer.status === 204 || (answer.status >= 200 && answer.status < 300 && answer.json !== undefined);
  if (!isGood) throw refusalOf(answer, connection.remedy);
  return answer.json;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
