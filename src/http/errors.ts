import { describeError } from "../base/describe-error.ts";
import { Unavailable } from "../base/unavailable.ts";

/**
 * What a client is told: a status of the contract with its body (docs/contract.md, "Errors"). Thrown anywhere, rendered by
 * `renderError`.
 */
export class ApiError extends Error {
  override name = "ApiError";

  readonly status: number;
  readonly body: Record<string, string | string[]>;
  readonly headers: Record<string, string>;

  constructor(status: number, body: ApiError["body"], headers: ApiError["headers"] = {}) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** When to come back: soon, where the store may be well again; later, where a client is to ask less. */
const secondsUntilRetry = 5;
const secondsUntilLimitEnds = 60;

const forbidden = (detail: string, code: string) => new ApiError(403, { detail, code });

// Constant errors are built once: capturing a stack costs more than the rest of a refusal.
export const notAuthenticated = forbidden("Authentication credentials were not provided.", "not_authenticated");
export const unsupportedScheme = forbidden("Unsupported authentication type", "authentication_failed");
export const badToken = forbidden("Token invalid/expired", "authentication_failed");
export const permissionDenied = forbidden("You do not have permission to perform this action.", "permission_denied");
export const invalidPage = new ApiError(404, { detail: "Invalid page.", code: "not_found" });
export const pathNotFound = new ApiError(404, { detail: "Not found.", code: "not_found" });
export const throttled = new ApiError(
  429,
  { detail: "Request was throttled.", code: "throttled" },
  { "Retry-After": `${secondsUntilLimitEnds}` },
);
export const internalError = new ApiError(500, { detail: "Internal server error.", code: "error" });
export const storeUnavailable = new ApiError(
  503,
  { detail: "The store is unavailable.", code: "unavailable" },
  { "Retry-After": `${secondsUntilRetry}` },
);

/** @param messages the parameters that are wrong, each with what is wrong about it */
export const invalidQuery = (messages: Record<string, string[]>) => new ApiError(400, { ...messages, code: "invalid" });
export const methodNotAllowed = (method: string, allow: string) =>
  new ApiError(405, { detail: `Method "${method}" not allowed.`, code: "method_not_allowed" }, { Allow: allow });
export const bodyTooLong = (maxBytes: number) =>
  new ApiError(413, { detail: `The body is longer than ${maxBytes} bytes.`, code: "too_large" });
export const bodyTooSlow = (milliseconds: number) =>
  new ApiError(408, { detail: `The body did not end within ${milliseconds / 1000} s.`, code: "timeout" });

/** The one place where errors become responses. */
export function renderError(error: unknown): Response {
  const { status, body, headers } = error instanceof ApiError ? error : publicError(error);
  const safe = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  return Response.json(body, { status, headers: { ...headers, ...safe } });
}

/** Logs an error that is not for clients; gives what they are told. */
function publicError(error: unknown): ApiError {
  console.error(describeError(error));
  if (error instanceof Unavailable) return storeUnavailable;
  if (error instanceof Error) console.error(error.stack);
  return internalError;
}
