import { writeFetch, writeMs } from "../src/db/fetch.ts";

/** The system's codes in words. */
const reasons: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up now",
};

/** A `fetch` for the store of a tool, with the deadline of writes. Its errors name the store. */
export function storeFetch(address: string, deadlineMs = writeMs): typeof fetch {
  const store = `the store at LIBSQL_URL (${address})`;
  const fetch = writeFetch({ deadlineMs });

  return async (input, init) => {
    const response = await fetch(input, init).catch((error) => {
      // Without a cause, since the innermost message of an error is what a tool shows.
      throw new Error(`${store} cannot be reached: ${reasonOf(error, deadlineMs)}`);
    });
    if (response.status === 401 || response.status === 403) {
      throw new Error(`${store} answered ${response.status}: LIBSQL_AUTH_TOKEN is missing or wrong`);
    }
    return response;
  };
}

function reasonOf(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${deadlineMs / 1000} s`;
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return reasons[code] ?? (error.cause ? reasonOf(error.cause, deadlineMs) : error.message);
}
