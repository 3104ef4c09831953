import type { Difference } from "../oauth-sources/difference.ts";
import { SyncError } from "./sync-error.ts";

/** Of fewer, half are soon gone. */
const smallestGuardedList = 10;

/**
 * Refuses what looks like an accident upstream: an empty database, a token whose user may not view the sources any more.
 * @throws SyncError
 */
export function refuseLosses({ added, changed, removed, unchanged }: Difference): void {
  const stored = changed.length + removed.length + unchanged;
  const upstream = added.length + changed.length + unchanged;
  const remedy = "nothing was written; where that is right, run once with --allow-removals (SYNC_ALLOW_REMOVALS=true)";
  if (upstream === 0 && stored > 0) {
    throw new SyncError(`authentik has no sources any more, of ${stored} in the store: ${remedy}`);
  }
  if (stored >= smallestGuardedList && removed.length > stored / 2) {
    throw new SyncError(`authentik has lost ${removed.length} of the ${stored} sources in the store: ${remedy}`);
  }
}
