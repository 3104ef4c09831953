import { BodyTooLong, readBoundedText } from "../bounded-text.ts";

export interface ReadFetchOptions {
  /** @default the global fetch */
  fetch?: typeof fetch;
  /** Called before every request that goes out. */
  onRequest?: () => void;
  /** Aborts an attempt after so many milliseconds. @default AbortSignal.timeout */
  timeout?: (milliseconds: number) => AbortSignal;
}

/** Of a response: the largest page that an import allows has half of it, and an isolate has 128 MB. */
const maxBytes = 16 * 1024 * 1024;
/** For one attempt, its body included: a server that drips is a server that hangs. */
const attemptMs = 2_000;
/** For all attempts and the waits between them. */
const budgetMs = 4_000;
const attempts = 3;
/** Before the second attempt, at most; twice as long before the third. Jittered, so that isolates do not come back as one. */
const firstWaitMs = 100;
/** For a request of a writer, and for what it sends a second more for each 256 KB: a line may be slow. */
export const writeMs = 10_000;
const writeBytesPerMs = 256;

/** Statuses of a server, or of something in front of it, that may answer in a moment. */
const passing = [502, 503, 504];

const abortAfter = (milliseconds: number) => AbortSignal.timeout(milliseconds);

/**
 * A `fetch` for a store that is only read: with a deadline and a limit of bytes, without redirects. It tries again at most
 * twice, which does no harm to reads.
 */
export function readFetch(options: ReadFetchOptions = {}): typeof globalThis.fetch {
  const { fetch = globalThis.fetch, onRequest, timeout = abortAfter } = options;
  return async (input, init) => {
    const request = requestOf(input, init);
    const { url, method, headers } = request;
    // As text it can be sent again; a clone for each attempt costs more.
    const body = (await request.text()) || null;
    const deadline = Date.now() + budgetMs;
    for (let attempt = 1; ; attempt++) {
      onRequest?.();
      const signal = timeout(Math.max(1, Math.min(attemptMs, deadline - Date.now())));
      const outcome = await send(fetch, url, { method, headers, body, signal }).catch(asError);
      const wait = Math.random() * firstWaitMs * 2 ** (attempt - 1);
      if (!mayPass(outcome) || attempt === attempts || Date.now() + wait >= deadline) {
        if (outcome instanceof Error) throw outcome;
        return outcome;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  };
}

/**
 * A `fetch` for a store that is written to: with a deadline that goes by the size of the request, a limit of bytes, and without
 * redirects. An unanswered write may have been applied, so it is never retried.
 */
export const writeFetch =
  (fetch: typeof globalThis.fetch = globalThis.fetch, deadlineMs = writeMs): typeof globalThis.fetch =>
  async (input, init) => {
    const request = requestOf(input, init);
    const { url, method, headers } = request;
    const body = await request.arrayBuffer();
    const signal = abortAfter(deadlineMs + Math.ceil(body.byteLength / writeBytesPerMs));
    return send(fetch, url, { method, headers, body: body.byteLength > 0 ? body : null, signal });
  };

/** The client's own, where it comes as one: its body is read once, here as by `fetch`. */
const requestOf = (input: string | URL | Request, init: RequestInit | undefined) =>
  input instanceof Request && !init ? input : new Request(input, init);

async function send(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: "manual" });
  const type = response.headers.get("Content-Type") ?? "text/plain";
  const text = await readBoundedText(response, maxBytes);
  return new ReadResponse(text, { status: response.status, headers: { "Content-Type": type } });
}

/** A response whose body has been read: to put 140 KB into a stream and read them again would cost as much as the first time. */
class ReadResponse extends Response {
  readonly #text: string;

  constructor(text: string, init: ResponseInit) {
    super(null, init);
    this.#text = text;
  }

  override text = async () => this.#text;
  override json = async <T>(): Promise<T> => JSON.parse(this.#text);
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** A fault of the connection, or a status that says so. After a time-out or a body too long, the next would be the same. */
const mayPass = (outcome: Response | Error) =>
  outcome instanceof Error
    ? outcome.name !== "TimeoutError" && !(outcome instanceof BodyTooLong)
    : passing.includes(outcome.status);
