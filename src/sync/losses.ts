import type { Difference } from "./difference.ts";
import { SyncError } from "./fault.ts";

/** Of fewer, half are soon gone. */
const smallestGuardedList = 10;

/**
 * Refuses what looks like an accident upstream: an empty database, a token whose user may not view the sources any more.
 * @throws SyncError
 */
export function refuseLosses({ added, changed, removed: { size: removed }, unchanged, leftOut }: Difference): void {
  const stored = changed.length + removed + unchanged;
  const left = added.length + changed.length + unchanged + leftOut;
  const isEmptied = left === 0 && stored > 0;
  const isHalved = stored >= smallestGuardedList && removed > stored / 2;
  if (isEmptied || isHalved) throw new SyncError({ kind: "losses", stored, removed, left });
}
