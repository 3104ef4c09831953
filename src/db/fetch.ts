import { boundedFetch, type FetchBounds } from "../base/bounded-fetch.ts";

export interface StoreFetchOptions extends Pick<FetchBounds, "fetch" | "timeout"> {
  /** Called before every request that goes out. */
  onRequest?: (() => void) | undefined;
}

/** Of a response: the largest page that an import allows has half of it, and an isolate has 128 MB. */
const maxBytes = 16 * 1024 * 1024;
const readMs = 2_000;
/** For a request of a writer, and for what it sends a second more for each 256 KB: a line may be slow. */
export const writeMs = 10_000;
const writeBytesPerMs = 256;

/** Statuses of a server, or of something in front of it, that may answer in a moment. */
export const passingStatuses = [502, 503, 504];

/** A `fetch` for a store that is only read: each request has 2 s. */
export const readFetch =
  ({ onRequest, ...bounds }: StoreFetchOptions = {}): typeof globalThis.fetch =>
  (input, init) => {
    onRequest?.();
    return send(requestOf(input, init), {}, { milliseconds: readMs, maxBytes, ...bounds });
  };

export interface WriteFetchOptions extends StoreFetchOptions {
  /** For a request with nothing in it. @default 10 s */
  deadlineMs?: number | undefined;
}

/** A `fetch` for a store that is written to: the time goes by the size of the request. An unanswered write may have been applied. */
export const writeFetch =
  ({ onRequest, deadlineMs = writeMs, ...bounds }: WriteFetchOptions = {}): typeof globalThis.fetch =>
  async (input, init) => {
    onRequest?.();
    const request = requestOf(input, init);
    const body = await request.arrayBuffer();
    const milliseconds = deadlineMs + Math.ceil(body.byteLength / writeBytesPerMs);
    const { method, headers } = request;
    const parts = { method, headers, body: body.byteLength > 0 ? body : null };
    return send(new URL(request.url), parts, { milliseconds, maxBytes, ...bounds });
  };

const requestOf = (input: string | URL | Request, init: RequestInit | undefined) =>
  input instanceof Request && !init ? input : new Request(input, init);

async function send(...request: Parameters<typeof boundedFetch>): Promise<Response> {
  const { response, text } = await boundedFetch(...request);
  const { status, headers } = response;
  if (passingStatuses.includes(status)) {
    // Without a body: the client forgets the status where that is JSON with a `message`.
    await response.body?.cancel();
    return new Response(null, { status });
  }
  if (isBounded(headers)) return response;
  return new Response(await text(), {
    status,
    headers: { "Content-Type": headers.get("Content-Type") ?? "text/plain" },
  });
}

/** Whether the body is known to be short enough before it is read. */
const isBounded = (headers: Headers) =>
  headers.has("Content-Length") &&
  Number(headers.get("Content-Length")) <= maxBytes &&
  !headers.has("Content-Encoding");
