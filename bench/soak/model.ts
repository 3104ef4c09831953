import type { Failure, Played } from "../../test/model/history.ts";

export interface ModelOptions {
  seed: number;
  minutes: number;
  /** Plays histories with a seed. */
  play: (seed: number) => Promise<Played>;
  /** Told after each seed. */
  onProgress: (done: ModelProgress) => void;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface ModelProgress {
  seeds: number;
  histories: number;
  steps: number;
}

/** Plays histories with one seed after another for as long as there is time, or until one breaks a promise. */
export async function soakModel(options: ModelOptions): Promise<ModelProgress & { failure: Failure | undefined }> {
  const { seed, minutes, play, onProgress, now } = options;
  const end = now() + minutes * 60_000;
  const done: ModelProgress = { seeds: 0, histories: 0, steps: 0 };
  do {
    const { histories, steps, failure } = await play(seed + done.seeds);
    done.seeds++;
    done.histories += histories;
    done.steps += steps;
    onProgress(done);
    if (failure) return { ...done, failure };
  } while (now() < end);
  return { ...done, failure: undefined };
}
