import { describeProblems, type Problem } from "./problem.ts";

/** Why a run did not take the list. */
export type Fault =
  /** Upstream or the configuration is wrong, and will be the next time too. */
  | { kind: "final"; message: string }
  /** It may be gone in a moment: the request is tried again. */
  | { kind: "passing"; message: string; retryAfterMs: number }
  /** The list changed while it was read: another walk may be lucky. */
  | { kind: "unsettled"; message: string }
  | { kind: "invalid-list"; address: string; problems: readonly Problem[] }
  | { kind: "losses"; stored: number; removed: number; left: number }
  /** Other writers were faster each time. */
  | { kind: "superseded" };

/** A fault as an error. Its message is a sentence for a person, without the token. */
export class SyncError extends Error {
  override name = "SyncError";
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(sentenceOf(fault));
    this.fault = fault;
  }
}

export const finalFault = (message: string): SyncError => new SyncError({ kind: "final", message });

function sentenceOf(fault: Fault): string {
  switch (fault.kind) {
    case "final":
    case "passing":
    case "unsettled":
      return fault.message;
    case "invalid-list":
      return `${fault.address} gave a list that is wrong:\n${describeProblems(fault.problems)}`;
    case "losses": {
      const what =
        fault.left === 0
          ? `authentik has no sources any more, of ${fault.stored} in the store`
          : `authentik has lost ${fault.removed} of the ${fault.stored} sources in the store`;
      return `${what}: nothing was written; where that is right, run once with --allow-removals (SYNC_ALLOW_REMOVALS=true)`;
    }
    case "superseded":
      return "other runs have written meanwhile; this one has written nothing";
  }
}
