import { BodyTooLong, readBoundedText } from "../bounded-text.ts";

export interface ReadFetchOptions {
  /** @default the global fetch */
  fetch?: typeof fetch;
  /** Told before every request that goes out. */
  onRequest?: () => void;
}

/** For one attempt, its body included: a server that drips is a server that hangs. */
const attemptMs = 2_000;
/** Of an answer: the largest page that the limits of an import allow has half of it, and an isolate has 128 MB. */
export const maxBytes = 16 * 1024 * 1024;
/** For all attempts and the waits between them. */
const budgetMs = 5_000;
const attempts = 3;
/** Before the second attempt, at most; twice as long before the third. Jittered, so that isolates do not come back as one. */
const firstWaitMs = 100;

/** Statuses of a server, or of something in front of it, that may answer in a moment. */
const passing = [502, 503, 504];

/** A `fetch` for the store's client, with a deadline and a limit of bytes; it follows no redirects. Tries again at most twice: for reads only, which do no harm twice. */
export function readFetch({ fetch = globalThis.fetch, onRequest }: ReadFetchOptions = {}): typeof globalThis.fetch {
  async function attempt(request: Request, milliseconds: number): Promise<Response> {
    onRequest?.();
    const response = await fetch(request, { signal: AbortSignal.timeout(milliseconds), redirect: "manual" });
    const { status } = response;
    const type = response.headers.get("Content-Type") ?? "text/plain";
    return new Response(await readBoundedText(response, maxBytes), { status, headers: { "Content-Type": type } });
  }

  return async (input, init) => {
    const request = new Request(input, init);
    const deadline = Date.now() + budgetMs;
    for (let number = 1; ; number++) {
      const outcome = await attempt(request.clone(), Math.max(1, Math.min(attemptMs, deadline - Date.now()))).catch(
        asError,
      );
      const wait = Math.random() * firstWaitMs * 2 ** (number - 1);
      if (!mayPass(outcome) || number === attempts || Date.now() + wait >= deadline) {
        if (outcome instanceof Error) throw outcome;
        return outcome;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  };
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** A fault of the connection, or a status that says so; not a time-out or a body that is too long: the next would be too. */
const mayPass = (outcome: Response | Error) =>
  outcome instanceof Error
    ? outcome.name !== "TimeoutError" && !(outcome instanceof BodyTooLong)
    : passing.includes(outcome.status);
