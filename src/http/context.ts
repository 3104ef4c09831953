import type { Context } from "hono";

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

/** What a request's context holds by its end. */
export interface RequestVariables {
  Variables: {
    /** Set once the token is verified. */
    principal?: Principal;
    /** Requests to the store that this one has caused and waited for. */
    storeRequests?: number;
  };
}

export function countStoreRequest(c: Context): void {
  c.set("storeRequests", (c.get("storeRequests") ?? 0) + 1);
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
