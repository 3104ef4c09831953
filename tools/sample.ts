import type { WritableDatabase } from "../src/db/database.ts";
import { oauthSources } from "../src/db/schema.ts";
import { readList, type SourceList } from "../src/sync/list.ts";
import sample from "./sample-company.json" with { type: "json" };

/** The sources of a company that does not exist, to try things with. */
export const sampleList = (): SourceList => readList(sample);

/** Whether a store holds the sample alone, of which nothing is lost when a real list takes its place. */
export async function holdsSample(db: Pick<WritableDatabase, "select">): Promise<boolean> {
  const ofSample = new Set(sample.results.map(({ pk }) => pk));
  const stored = await db
    .select({ pk: oauthSources.pk })
    .from(oauthSources)
    .limit(ofSample.size + 1);
  return stored.length > 0 && stored.every(({ pk }) => ofSample.has(pk));
}
