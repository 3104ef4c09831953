import type { Context } from "hono";
import type { Cached } from "../cache/cache.ts";
import type { StoredResponse } from "../cache/stored-response.ts";
import type { StoreStatus } from "../store/status.ts";

export interface StatusOptions {
  /** Reads what `store/status.ts` writes. */
  read: (c: Context) => Promise<Cached<StoredResponse>>;
  /** A sentence on a faulty configuration of the sync. */
  problem: string | undefined;
  /** The optional parts of the configuration by name; a falsy one is not there. */
  configured: Record<string, unknown>;
}

/**
 * Tells whoever may view sources how the replica is: the store's status, and what is not configured. It is read each time, and
 * kept by nobody.
 */
export const status = ({ read, problem, configured }: StatusOptions) => {
  const not_configured = Object.keys(configured).filter((name) => !configured[name]);
  return async (c: Context) => {
    const stored: StoreStatus = JSON.parse((await read(c)).value.body);
    return c.json({ ...stored, problem, not_configured });
  };
};
