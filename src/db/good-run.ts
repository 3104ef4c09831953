import { inArray } from "drizzle-orm";
import { syncRuns } from "./schema.ts";

/** After such a run the store was equal to upstream. */
export const isGoodRun = () => inArray(syncRuns.outcome, ["changed", "unchanged"]);
