import type { Context } from "hono";
import type { Cached } from "../cache/cache.ts";
import type { StoredResponse } from "../cache/stored-response.ts";

/** Whom a bearer token stands for. */
export interface Principal {
  /** Names the token in logs and limits. */
  id: string;
  /** Whether the sources may be listed. */
  mayViewSources: boolean;
  /**
   * For how long this holds, in seconds: the token is then verified once in that time for each URL that is asked again.
   * @default each request is verified
   */
  validForSeconds?: number | undefined;
}

/** What is known of a request by its end. */
interface RequestNotes {
  /** Set once the token is verified. */
  principal?: Principal;
  /** What the cache gave. */
  answered?: Cached<StoredResponse>;
  /** Requests to the store that this one has caused and waited for. */
  storeRequests: number;
}

const notes = new WeakMap<Context, RequestNotes>();

/** The notes on a request, beside its context and not in it: the variables there are the host's. */
export function notesOf(c: Context): RequestNotes {
  const known = notes.get(c);
  if (known) return known;
  const added = { storeRequests: 0 };
  notes.set(c, added);
  return added;
}

/** `waitUntil` of a request; where a host gives no execution context, work goes on without it. */
export const waitUntilOf =
  (c: Context) =>
  (work: Promise<unknown>): void => {
    try {
      c.executionCtx.waitUntil(work);
    } catch {
      void work; // Hono throws where there is no execution context.
    }
  };
