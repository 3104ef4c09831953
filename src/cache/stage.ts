import type { Answer } from "./answer.ts";

/** Asks the origin. Never rejects for a fault of the store: that is an answer with a status from 500 on. */
export type Load = () => Promise<Answer>;

export interface Served {
  answer: Answer;
  /** The parameters of `Cache-Status` (RFC 9211, section 2) that tell where the answer comes from. */
  status: string;
}

/** What a stage needs to know of the request that it serves. */
export interface StageContext {
  /** Keeps work alive after the client has been answered. */
  waitUntil(work: Promise<unknown>): void;
}

/** What stands between the gateway and the origin. */
export interface CacheStage {
  /**
   * Serves an answer for a key, loading it where that is needed.
   * @param key a URL that stands for the question alone: no host, token or header of a client is in it
   */
  serve(key: string, load: Load, context: StageContext): Promise<Served>;
}

/** Keeps nothing. */
export const noCache: CacheStage = {
  async serve(_key, load) {
    return { answer: await load(), status: "fwd=bypass" };
  },
};
