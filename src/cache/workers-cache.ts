import { ttl } from "./answer.ts";
import type { CacheStage } from "./stage.ts";

export interface WorkersCacheOptions {
  /** Milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
  /** Told once where the platform's cache is not in front of the origin. @default console.error */
  logError?: (message: string) => void;
}

/** What the platform says of an answer, in the words of RFC 9211: what comes before the time to live, and after it. */
const statuses: Record<string, [string, string?]> = {
  HIT: ["hit"],
  STALE: ["hit", "; detail=stale-if-error"],
  UPDATING: ["hit", "; detail=stale-while-revalidate"],
  REVALIDATED: ["fwd=stale; fwd-status=304"],
  EXPIRED: ["fwd=stale; stored"],
  MISS: ["fwd=uri-miss; stored"],
};

/**
 * A stage that leaves it all to Workers Cache, which stands in front of the `Sources` entrypoint: tiered over the whole
 * network, with collapsing and stale serving of its own.
 */
export function workersCache({ now = Date.now, logError = console.error }: WorkersCacheOptions = {}): CacheStage {
  let hasWarned = false;
  return {
    async serve(_key, load) {
      const answer = await load();
      if (answer.platformStatus === undefined && answer.freshness && !hasWarned) {
        hasWarned = true;
        logError(
          "Sources answered without Cf-Cache-Status: Workers Cache is not on for it, see [exports.Sources] in wrangler.toml",
        );
      }
      const [outcome, detail = ""] = statuses[answer.platformStatus ?? ""] ?? ["fwd=bypass"];
      return { answer, status: `${outcome}${ttl(answer, now())}${detail}` };
    },
  };
}
